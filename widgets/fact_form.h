// FactForm: names with values beside them; a fact without a value takes no room. GUI thread.
#pragma once

#include <QWidget>

class QFormLayout;
class QLabel;

namespace llamahome::widgets {

class FactForm final : public QWidget {
    Q_OBJECT

public:
    explicit FactForm(QWidget* parent = nullptr);

    /// The value's label, empty and hidden. `help` is the tool tip of both.
    QLabel* addFact(const QString& name, const QString& objectName, const QString& help = {});
    /// `value` is one of this form.
    void setFact(QLabel& value, const QString& text);

private:
    QFormLayout* m_form;
};

} // namespace llamahome::widgets
