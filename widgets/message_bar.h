// MessageBar: a strip at the top of a page that says what happened, why and what now. GUI thread.
#pragma once

#include <functional>
#include <optional>

#include <QFrame>
#include <QString>

#include "core/error.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace llamahome::widgets {

class IconLabel;

/// Hidden until it is told something. Announced to screen readers when shown.
class MessageBar final : public QFrame {
    Q_OBJECT

public:
    explicit MessageBar(QWidget* parent = nullptr);

    enum class Kind { Notice, Warning, Error };
    /// `actionText` names a button that calls `action` and closes the bar; empty: none. Esc or × closes it.
    void show(Kind kind, const QString& text, const QString& actionText = {},
              std::function<void()> action = {});
    /// Of something that failed and is over: the error's message, its code and detail on hover.
    void showFailure(const Error& error, const QString& actionText = {}, std::function<void()> action = {});
    /// The same of what holds the page up: only clear() takes it away, since without it nobody would know why
    /// there is no way on. What show() tells meanwhile stands before it and can be closed.
    void showError(const Error& error, const QString& actionText = {}, std::function<void()> action = {});
    void clear();
    /// What stands in it; empty when it is closed.
    QString text() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Blocker {
        Error error;
        QString actionText;
        std::function<void()> action;
    };

    void setClosable(bool canClose);
    void runAction();
    void dismiss();

    Kind m_kind = Kind::Notice;
    IconLabel* m_icon;
    QLabel* m_text;
    QPushButton* m_button;
    QToolButton* m_close;
    std::function<void()> m_action;
    std::optional<Blocker> m_blocker;
    bool m_canClose = true;
};

} // namespace llamahome::widgets
