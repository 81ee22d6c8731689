// ElidedButton: a flat button whose text is cut with "…" where there is no room; the whole is its tool tip.
// GUI thread.
#pragma once

#include <QPushButton>

namespace llamahome::widgets {

class ElidedButton final : public QPushButton {
    Q_OBJECT

public:
    explicit ElidedButton(QWidget* parent = nullptr);

    void setWords(const QString& words);
    QString words() const { return m_words; }
    QSize minimumSizeHint() const override;
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_words;
};

} // namespace llamahome::widgets
