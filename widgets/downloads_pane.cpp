#include "widgets/downloads_pane.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kTextWidth = 560;
constexpr int kTitleHeight = 30; ///< as on pages whose title has buttons beside it

QLabel* paragraph(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setMaximumWidth(kTextWidth);
    return label;
}

} // namespace

DownloadsPane::DownloadsPane(managers::DownloadManager&, QWidget* parent)
    : QWidget(parent) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
    layout->setSpacing(2 * look::kGrid);
    auto* title = look::makeTitle(tr("Downloads"), this);
    title->setMinimumHeight(kTitleHeight);
    layout->addWidget(title);
    layout->addWidget(paragraph(tr("This version does not download models by itself; a later one will, and "
                                   "the queue will stand here."),
                                this));
    layout->addWidget(
        paragraph(tr("Until then, get a model with your browser and import it: a .gguf file, or "
                     "the folder of a model from huggingface.co with its config.json, "
                     "tokenizer.json and .safetensors files. Importing checks the files and "
                     "copies them into the library."),
                  this));
    auto* import = new QPushButton(icon(Icon::Import, QPalette::BrightText), tr("&Import a model…"), this);
    import->setObjectName(QStringLiteral("downloadsImport"));
    import->setToolTip(tr("Take over a model that is on this computer (Ctrl+I)"));
    look::makePrimary(*import);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(look::kGrid);
    buttons->addWidget(import);
    buttons->addStretch(1);
    layout->addLayout(buttons);
    layout->addStretch(1);
    connect(import, &QPushButton::clicked, this, &DownloadsPane::importWanted);
}

} // namespace llamahome::widgets
