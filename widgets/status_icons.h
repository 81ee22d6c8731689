// Signs of states, and delegates that put them before the word. GUI thread.
#pragma once

#include <optional>

#include <QStyledItemDelegate>

#include "managers/model_manager.h"
#include "widgets/icons.h"

namespace llamahome::widgets {

/// Nothing for a model that is not there.
std::optional<Icon> stateIcon(jobs::ModelState state);

/// For items::CheckTable's column Outcome.
class CheckDelegate final : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

/// For items::ModelTable and its filter: signs of state and fit, groups in bold, figures of one width.
class ModelDelegate final : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

/// For items::SettingTree: sections in bold, chosen values set off by their weight.
class SettingDelegate final : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

} // namespace llamahome::widgets
