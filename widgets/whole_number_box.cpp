#include "widgets/whole_number_box.h"

#include <algorithm>

#include <QLineEdit>
#include <QLocale>
#include <QStyle>
#include <QStyleOptionSpinBox>

#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kDigits = 9; ///< that the box is wide enough for

} // namespace

WholeNumberBox::WholeNumberBox(std::int64_t minimum, std::int64_t maximum, QWidget* parent)
    : QAbstractSpinBox(parent)
    , m_minimum(minimum)
    , m_maximum(maximum) {
    setFont(look::figureFont());
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    connect(lineEdit(), &QLineEdit::textEdited, this, &WholeNumberBox::edited);
}

void WholeNumberBox::setText(const QString& text) {
    lineEdit()->setText(text);
    update();
}

QValidator::State WholeNumberBox::validate(QString&, int&) const {
    return QValidator::Acceptable;
}

void WholeNumberBox::stepBy(int steps) {
    bool isNumber = false;
    const qint64 value = QLocale::c().toLongLong(text().trimmed(), &isNumber);
    const qint64 in = std::clamp(value, m_minimum, m_maximum);
    const qint64 room = steps > 0 ? m_maximum - in : in - m_minimum;
    const qint64 step = std::min<qint64>(std::abs(steps), room);
    setText(QString::number(isNumber ? (steps > 0 ? in + step : in - step) : m_minimum));
    selectAll();
    Q_EMIT edited();
}

QAbstractSpinBox::StepEnabled WholeNumberBox::stepEnabled() const {
    bool isNumber = false;
    const qint64 value = QLocale::c().toLongLong(text().trimmed(), &isNumber);
    if (!isNumber) return StepUpEnabled | StepDownEnabled;
    StepEnabled enabled = StepNone;
    if (value < m_maximum) enabled |= StepUpEnabled;
    if (value > m_minimum) enabled |= StepDownEnabled;
    return enabled;
}

QSize WholeNumberBox::sizeHint() const {
    ensurePolished();
    const QSize content(fontMetrics().horizontalAdvance(QString(kDigits, u'0')), fontMetrics().height());
    QStyleOptionSpinBox option;
    initStyleOption(&option);
    const int height = lineEdit()->sizeHint().height();
    return style()
        ->sizeFromContents(QStyle::CT_SpinBox, &option, QSize(content.width(), height), this)
        .expandedTo(QSize(content.width() + 4 * look::kGrid, 0));
}

QSize WholeNumberBox::minimumSizeHint() const {
    return sizeHint();
}

} // namespace llamahome::widgets
