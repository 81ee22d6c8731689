// ProgressDelegate: a cell's text with a thin bar beneath it that tells how far its row is. GUI thread.
#pragma once

#include <QStyledItemDelegate>

namespace llamahome::widgets {

class ProgressDelegate final : public QStyledItemDelegate {
    Q_OBJECT

public:
    /// `percentRole`: int, 0 to 100; no bar below 0.
    ProgressDelegate(int percentRole, QObject* parent);

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;

private:
    int m_percentRole;
};

} // namespace llamahome::widgets
