// WholeNumberBox: a spin box for whole numbers of 64 bits that lets anything be typed. GUI thread.
#pragma once

#include <cstdint>

#include <QAbstractSpinBox>
#include <QString>

namespace llamahome::widgets {

/// Steps stay in the range; what is typed may be wrong, so that its owner can say what is expected. A step
/// from a text that is no number goes to the minimum.
class WholeNumberBox final : public QAbstractSpinBox {
    Q_OBJECT

public:
    WholeNumberBox(std::int64_t minimum, std::int64_t maximum, QWidget* parent = nullptr);

    qint64 minimum() const { return m_minimum; }
    /// edited() is not emitted.
    void setText(const QString& text);

    QValidator::State validate(QString& input, int& position) const override;
    void stepBy(int steps) override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    /// By typing or stepping.
    void edited();

protected:
    StepEnabled stepEnabled() const override;

private:
    qint64 m_minimum;
    qint64 m_maximum;
};

} // namespace llamahome::widgets
