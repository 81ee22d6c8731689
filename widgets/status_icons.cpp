#include "widgets/status_icons.h"

#include <algorithm>
#include <optional>

#include "items/check_table.h"
#include "items/model_table.h"
#include "items/setting_tree.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

using items::CheckTable;
using items::ModelTable;
using items::SettingTree;

constexpr int kRowHeight = 4 * look::kGrid;
constexpr int kLowRowHeight = 3 * look::kGrid;
constexpr int kIconSize = 2 * look::kGrid;

void setIcon(QStyleOptionViewItem& option, Icon name) {
    option.features |= QStyleOptionViewItem::HasDecoration;
    option.icon = icon(name);
    option.decorationSize = QSize(kIconSize, kIconSize);
}

QSize atLeast(int height, QSize size) {
    return {size.width(), std::max(size.height(), height)};
}

} // namespace

std::optional<Icon> stateIcon(jobs::ModelState state) {
    switch (state) {
    case jobs::ModelState::Verified:
        return Icon::Good;
    case jobs::ModelState::Damaged:
        return Icon::Bad;
    case jobs::ModelState::Partial:
    case jobs::ModelState::Offline:
    case jobs::ModelState::Foreign:
        return Icon::Warning;
    case jobs::ModelState::Absent:
        break;
    }
    return {};
}

QSize CheckDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    return atLeast(kLowRowHeight, QStyledItemDelegate::sizeHint(option, index));
}

void CheckDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    switch (static_cast<jobs::CheckStatus>(index.data(CheckTable::StatusRole).toInt())) {
    case jobs::CheckStatus::Passed:
        return setIcon(*option, Icon::Good);
    case jobs::CheckStatus::Warned:
        return setIcon(*option, Icon::Warning);
    case jobs::CheckStatus::Failed:
        return setIcon(*option, Icon::Bad);
    case jobs::CheckStatus::NotChecked:
        return setIcon(*option, Icon::Info);
    }
}

QSize ModelDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    return atLeast(kRowHeight, QStyledItemDelegate::sizeHint(option, index));
}

void ModelDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    if (!index.parent().isValid()) {
        option->font.setWeight(QFont::DemiBold);
        return;
    }
    if (index.column() == ModelTable::Size) option->font = look::figureFont();
    if (index.column() == ModelTable::State)
        if (const auto name =
                stateIcon(static_cast<jobs::ModelState>(index.data(ModelTable::StateRole).toInt())))
            setIcon(*option, *name);
    const bool isTooLarge =
        index.data(ModelTable::FitRole).toInt() == static_cast<int>(managers::Fit::TooLarge);
    if (index.column() == ModelTable::Fits && isTooLarge) setIcon(*option, Icon::Warning);
}

QSize SettingDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    return atLeast(kRowHeight, QStyledItemDelegate::sizeHint(option, index));
}

void SettingDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    const bool isSection = !index.parent().isValid();
    if (isSection || index.data(SettingTree::IsChosenRole).toBool()) option->font.setWeight(QFont::DemiBold);
}

} // namespace llamahome::widgets
