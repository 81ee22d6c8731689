#include "widgets/first_start.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/icon_label.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

constexpr int kCardWidth = 640;
constexpr int kIconSize = 32;

/// A framed block: symbol, heading, words, and room for its buttons.
class Card final : public QFrame {
public:
    Card(Icon symbol, const QString& heading, const QString& words, QWidget* parent)
        : QFrame(parent)
        , buttons(new QHBoxLayout) {
        setFrameShape(QFrame::StyledPanel);
        setMaximumWidth(kCardWidth);
        setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
        auto* layout = new QHBoxLayout(this);
        layout->setContentsMargins(2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid, 2 * look::kGrid);
        layout->setSpacing(2 * look::kGrid);
        layout->addWidget(new IconLabel(icon(symbol), kIconSize, this), 0, Qt::AlignTop);
        auto* column = new QVBoxLayout;
        column->setSpacing(look::kGrid);
        layout->addLayout(column, 1);
        auto* title = new QLabel(heading, this);
        QFont bold = title->font();
        bold.setWeight(QFont::DemiBold);
        title->setFont(bold);
        column->addWidget(title);
        auto* text = new QLabel(words, this);
        text->setTextFormat(Qt::PlainText);
        text->setWordWrap(true);
        column->addWidget(text);
        buttons->setSpacing(look::kGrid);
        column->addLayout(buttons);
    }

    QPushButton* add(const QString& name, Icon symbol, const QString& text, bool isPrimary = false) {
        auto* button = new QPushButton(icon(symbol, isPrimary ? QPalette::BrightText : QPalette::ButtonText),
                                       text, this);
        button->setObjectName(name);
        if (isPrimary) look::makePrimary(*button);
        buttons->addWidget(button);
        return button;
    }

    QHBoxLayout* buttons;
};

} // namespace

FirstStart::FirstStart(QWidget* parent)
    : QWidget(parent) {
    setObjectName(QStringLiteral("firstStart"));
    auto* outer = new QHBoxLayout(this);
    auto* layout = new QVBoxLayout;
    outer->addStretch(1);
    outer->addLayout(layout, 8);
    outer->addStretch(1);
    layout->setSpacing(2 * look::kGrid);
    layout->addStretch(1);
    auto* title = look::makeTitle(tr("Welcome to LlamaHome"), this);
    layout->addWidget(title);
    auto* words = new QLabel(tr("Fine-tune a Llama model on your own data and talk to it, all on this "
                                "computer. To begin, you need a model."),
                             this);
    words->setWordWrap(true);
    words->setMaximumWidth(kCardWidth);
    layout->addWidget(words);
    auto* getModel =
        new Card(Icon::Models, tr("Get a model"),
                 tr("The starter model, SmolLM2 135M Instruct, is 270 MB, runs on any computer and "
                    "needs no account. Others are on the page Models, with what each one needs."),
                 this);
    auto* get = getModel->add(QStringLiteral("firstDownload"), Icon::Downloads,
                              tr("&Download the starter model"), true);
    getModel->buttons->addStretch(1);
    layout->addWidget(getModel);
    auto* import = new Card(Icon::Import, tr("Import one I have"),
                            tr("A .gguf file, or a folder with config.json, tokenizer.json and .safetensors "
                               "files. You may also drop it anywhere on this window."),
                            this);
    auto* choose = import->add(QStringLiteral("firstImport"), Icon::Import, tr("&Import a model…"));
    import->buttons->addStretch(1);
    layout->addWidget(import);
    auto* lookCard = new Card(Icon::Search, tr("Look around"),
                              tr("See what the program can do. This page is in the Help menu again."), this);
    auto* around = lookCard->add(QStringLiteral("lookAround"), Icon::Search, tr("&Look around"));
    lookCard->buttons->addStretch(1);
    layout->addWidget(lookCard);
    layout->addStretch(2);
    connect(get, &QPushButton::clicked, this, &FirstStart::downloadWanted);
    connect(choose, &QPushButton::clicked, this, &FirstStart::importWanted);
    connect(around, &QPushButton::clicked, this, &FirstStart::lookAroundWanted);
}

} // namespace llamahome::widgets
