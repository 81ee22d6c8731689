// TokenRow: the line of the settings page about the Hub's token: where it comes from, whether it works, and
// keeping one in the keychain. GUI thread.
#pragma once

#include <QWidget>

#include "managers/token_manager.h"

class QLabel;
class QPushButton;

namespace llamahome::widgets {

class TokenRow final : public QWidget {
    Q_OBJECT

public:
    /// Looks for the token when it is first shown. The manager outlives it.
    explicit TokenRow(managers::TokenManager& manager, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void showState();
    void ask();

    managers::TokenManager& m_manager;
    QLabel* m_text;
    QPushButton* m_check;
    QPushButton* m_keep;
    QPushButton* m_forget;
};

} // namespace llamahome::widgets
