// ExportDialog: asks for what program a model or adapter is written, where, and says how large it gets. GUI
// thread.
#pragma once

#include <optional>

#include <QDialog>
#include <QTimer>

#include "managers/export_manager.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace llamahome::widgets {

class MessageBar;

/// Shown with open(). It closes when the export has begun, which goes on as a job; what speaks against that
/// is told in it.
class ExportDialog final : public QDialog {
    Q_OBJECT

public:
    /// `format`: the one that is chosen at first; nothing: the most asked for.
    ExportDialog(managers::ExportManager& manager, const QString& name,
                 std::optional<jobs::ExportFormat> format, QWidget* parent);

private:
    void build();
    void choose(jobs::ExportFormat format);
    void connectAll();
    void chooseForm();
    void chooseTarget();
    void ask();
    void showForecast(const managers::ExportForecast& forecast);
    void start();
    void enable();
    managers::ExportForm form() const;
    managers::ExportWish wish() const;

    managers::ExportManager& m_manager;
    QString m_name;
    std::vector<managers::ExportForm> m_forms;
    QTimer m_typing;      ///< asks when no key has come for a moment
    bool m_canBe = false; ///< by the last forecast
    bool m_isStarting = false;
    MessageBar* m_messages;
    QComboBox* m_form;
    QComboBox* m_type;
    QLabel* m_typeLabel;
    QLabel* m_typeNote;
    QLineEdit* m_target;
    QPushButton* m_choose;
    QLabel* m_size;
    QPushButton* m_copy;
    QPushButton* m_cancel;
    QPushButton* m_export;
};

} // namespace llamahome::widgets
