// TrainedRowView: a data row as the model is trained on it, token by token. GUI thread.
#pragma once

#include <QTextEdit>

#include "managers/row_pages.h"

namespace llamahome::widgets {

/// What is learned is bold and underlined, the end of a turn marked besides, what is cut off struck through;
/// all else is quiet. A token's id shows when the mouse rests on it. Read only.
class TrainedRowView final : public QTextEdit {
    Q_OBJECT

public:
    explicit TrainedRowView(QWidget* parent = nullptr);
    void setRow(const jobs::ShownRow& row);

    /// What the looks of the text mean, in words.
    static QString legend();

protected:
    void changeEvent(QEvent* event) override;

private:
    QTextCharFormat formatOf(jobs::TokenPart part) const;
    void rewrite();

    jobs::ShownRow m_row;
};

} // namespace llamahome::widgets
