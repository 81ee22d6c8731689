// TrainedRowView: a data row as the model is trained on it, what it learns to write set apart. GUI thread.
#pragma once

#include <vector>

#include <QTextEdit>

#include "managers/training_setup.h"

namespace llamahome::widgets {

/// Learned text is bold and underlined; all else is quiet. Read only.
class TrainedRowView final : public QTextEdit {
    Q_OBJECT

public:
    explicit TrainedRowView(QWidget* parent = nullptr);
    void setSpans(const std::vector<jobs::TrainedSpan>& spans);

protected:
    void changeEvent(QEvent* event) override;

private:
    void rewrite();

    std::vector<jobs::TrainedSpan> m_spans;
};

} // namespace llamahome::widgets
