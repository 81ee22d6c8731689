#include "widgets/conversation_panel.h"

#include <QAction>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include "managers/text.h"
#include "widgets/icons.h"
#include "widgets/look.h"

namespace llamahome::widgets {
namespace {

using items::ConversationList;

/// Two lines: title; model and time.
class ConversationDelegate final : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
        return {0, option.fontMetrics.height() + QFontMetrics(look::smallFont()).height() + 2 * look::kGrid};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        QStyleOptionViewItem item = option;
        initStyleOption(&item, index);
        item.text.clear();
        const QStyle* style = item.widget->style();
        style->drawControl(QStyle::CE_ItemViewItem, &item, painter, item.widget);
        const bool isSelected = (item.state & QStyle::State_Selected) != 0;
        const QRect area = item.rect.adjusted(look::kGrid, look::kGrid - 1, -look::kGrid, -look::kGrid + 1);
        painter->save();
        painter->setFont(item.font);
        painter->setPen(item.palette.color(isSelected ? QPalette::HighlightedText : QPalette::Text));
        const QString title = index.data(Qt::DisplayRole).toString();
        painter->drawText(area, Qt::AlignLeft | Qt::AlignTop,
                          item.fontMetrics.elidedText(title, Qt::ElideRight, area.width()));
        painter->setFont(look::smallFont());
        if (!isSelected) painter->setPen(look::color(look::Tone::Quiet));
        const QFontMetrics small(look::smallFont());
        const QString when = index.data(ConversationList::WhenRole).toString();
        const int left = area.width() - small.horizontalAdvance(when) - look::kGrid;
        painter->drawText(area, Qt::AlignRight | Qt::AlignBottom, when);
        painter->drawText(
            area, Qt::AlignLeft | Qt::AlignBottom,
            small.elidedText(index.data(ConversationList::ModelRole).toString(), Qt::ElideRight, left));
        painter->restore();
    }

    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex&) const override {
        editor->setGeometry(option.rect.adjusted(2, 2, -2, -2));
    }
};

} // namespace

ConversationPanel::ConversationPanel(managers::ChatManager& chat, QWidget* parent)
    : QWidget(parent)
    , m_chat(chat)
    , m_list(new ConversationList(chat, this))
    , m_view(new QListView(this))
    , m_empty(look::makeNote(tr("Conversations are kept here, on this machine only."), this)) {
    setObjectName(QStringLiteral("conversationPanel"));
    auto* begin = new QPushButton(icon(Icon::Add), tr("&New conversation"), this);
    begin->setObjectName(QStringLiteral("newConversationButton"));
    begin->setShortcut(QKeySequence::New);
    begin->setToolTip(tr("Begin a new conversation (%1)")
                          .arg(QKeySequence(QKeySequence::New).toString(QKeySequence::NativeText)));
    m_view->setObjectName(QStringLiteral("conversationList"));
    m_view->setAccessibleName(tr("Conversations"));
    m_view->setModel(m_list);
    m_view->setItemDelegate(new ConversationDelegate(m_view));
    m_view->setEditTriggers(QAbstractItemView::EditKeyPressed);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    m_view->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setUniformItemSizes(true);
    m_empty->setWordWrap(true);

    auto* erase = new QAction(icon(Icon::Remove), tr("&Delete"), m_view);
    erase->setObjectName(QStringLiteral("deleteConversation"));
    erase->setShortcut(QKeySequence::Delete);
    erase->setShortcutContext(Qt::WidgetShortcut);
    m_view->addAction(erase);
    connect(erase, &QAction::triggered, this, &ConversationPanel::remove);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look::kGrid);
    layout->addWidget(begin);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_empty);

    connect(begin, &QPushButton::clicked, this, [this] {
        m_chat.startConversation();
        Q_EMIT chosen();
    });
    connect(m_view, &QListView::clicked, this, &ConversationPanel::open);
    connect(m_view, &QListView::activated, this, &ConversationPanel::open);
    connect(m_view, &QListView::customContextMenuRequested, this, &ConversationPanel::showMenu);
    connect(&m_chat, &managers::ChatManager::conversationOpened, this, &ConversationPanel::selectShown);
    connect(&m_chat, &managers::ChatManager::conversationsChanged, this, &ConversationPanel::followList);
    selectShown();
}

void ConversationPanel::open(const QModelIndex& index) {
    const QString id = index.data(ConversationList::IdRole).toString();
    if (id.isEmpty() || id == managers::toQt(m_chat.current().id)) return;
    m_chat.openConversation(id);
    Q_EMIT chosen();
}

void ConversationPanel::remove() {
    const QModelIndex index = m_view->currentIndex();
    if (!index.isValid()) return;
    m_chat.removeConversation(index.data(ConversationList::IdRole).toString());
    selectShown(); // the view went on to the next one
}

void ConversationPanel::followList() {
    m_empty->setVisible(m_list->rowCount() == 0);
    const bool isChoosing = m_view->hasFocus() && m_view->currentIndex().isValid();
    if (!isChoosing) selectShown();
}

void ConversationPanel::selectShown() {
    m_empty->setVisible(m_list->rowCount() == 0);
    const QModelIndex shown = m_list->indexOf(managers::toQt(m_chat.current().id));
    if (shown != m_view->currentIndex()) m_view->setCurrentIndex(shown);
}

void ConversationPanel::showMenu(const QPoint& place) {
    const QModelIndex index = m_view->indexAt(place);
    if (!index.isValid()) return;
    m_view->setCurrentIndex(index);
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addAction(tr("&Open"), this, [this, id = QPersistentModelIndex(index)] { open(id); });
    QAction* rename = menu->addAction(icon(Icon::Edit), tr("&Rename"), this,
                                      [this, id = QPersistentModelIndex(index)] { m_view->edit(id); });
    rename->setEnabled((index.flags() & Qt::ItemIsEditable) != 0);
    menu->addAction(icon(Icon::Remove), tr("&Delete"), this, &ConversationPanel::remove);
    menu->popup(m_view->viewport()->mapToGlobal(place));
}

} // namespace llamahome::widgets
