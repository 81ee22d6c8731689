#include "widgets/run_remove_dialog.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QVBoxLayout>

#include "core/quantity.h"
#include "managers/text.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr QSize kSize(60 * look::kGrid, 44 * look::kGrid);

} // namespace

RunRemoveDialog::RunRemoveDialog(const jobs::RunRemovalPlan& plan, bool hasAdapter, QWidget* parent)
    : QDialog(parent) {
    using managers::toQt;
    setObjectName(QStringLiteral("runRemoveDialog"));
    setWindowTitle(tr("Remove run %1").arg(toQt(plan.name)));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(kSize);
    const QString folder = managers::pathToQt(plan.folder);
    const std::size_t count = plan.files.size();
    auto* intro = new QLabel(
        count == 1 ? tr("This file in %1 is deleted. This cannot be undone.").arg(folder)
                   : tr("These %1 files in %2 are deleted. This cannot be undone.").arg(count).arg(folder),
        this);
    intro->setTextFormat(Qt::PlainText);
    intro->setWordWrap(true);
    auto* files = new QListWidget(this);
    files->setObjectName(QStringLiteral("fileList"));
    files->setAccessibleName(tr("Files that are deleted"));
    files->setSelectionMode(QAbstractItemView::NoSelection);
    files->setUniformItemSizes(true);
    for (const std::string& name : plan.files)
        files->addItem(toQt(name));
    auto* stays = look::makeNote(
        hasAdapter ? tr("The finished adapter is no part of the run and stays.")
                   : tr("What was trained so far goes with it: the run has no finished adapter."),
        this);
    stays->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    auto* erase = buttons->addButton(tr("&Delete %1").arg(toQt(formatBytes(plan.freedBytes))),
                                     QDialogButtonBox::AcceptRole);
    erase->setObjectName(QStringLiteral("deleteButton"));
    erase->setIcon(icon(Icon::Remove));
    erase->setAutoDefault(false);
    buttons->button(QDialogButtonBox::Cancel)->setDefault(true);
    buttons->button(QDialogButtonBox::Cancel)->setFocus();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    layout->setSpacing(look::kGrid);
    layout->addWidget(intro);
    layout->addWidget(files, 1);
    layout->addWidget(stays);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

} // namespace llamahome::widgets
