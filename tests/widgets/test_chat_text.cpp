// How messages are drawn: Markdown, links, long answers and long conversations.
#include <QImage>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTextBlock>

#include "support/chat_page.h"
#include "widgets/markdown_blocks.h"
#include "widgets/message_body.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;
using Place = ChatPage;

class TestChatText final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void hostileMarkdownIsShownAsTextAndFetchesNothing() {
        Place place;
        const QString secret = managers::pathToQt(place.ground.folder() / "secret.png");
        QImage(3, 3, QImage::Format_RGB32).save(secret);
        place.answerWith("<img src=\"http://127.0.0.1:9/x.png\"> <script>alert(1)</script>\n\n"
                         "<table><tr><td>cell</td></tr></table>\n\n"
                         "![photo](http://127.0.0.1:9/y.png) ![](" +
                         managers::fromQt(secret) + ") [click](https://example.org/real)");
        QVERIFY(place.ask(QStringLiteral("hello")));
        const QString shown = place.shownText();
        for (const char* part :
             {"<img src=", "<script>alert(1)</script>", "<td>cell</td>", "photo", "/y.png"})
            QVERIFY2(shown.contains(QLatin1String(part)), qPrintable(shown));
        for (const auto* part : place.cards()[1]->findChildren<MarkdownText*>())
            for (QTextBlock block = part->document()->begin(); block.isValid(); block = block.next())
                for (auto piece = block.begin(); !piece.atEnd(); ++piece)
                    QVERIFY(!piece.fragment().charFormat().isImageFormat());
    }

    void aLinkIsOnlyOpenedAfterItsTargetIsShown() {
        Place place;
        place.answerWith("[bank.example](https://evil.example/login)");
        QVERIFY(place.ask(QStringLiteral("hello")));
        auto* text = place.cards()[1]->findChild<MarkdownText*>();
        Q_EMIT text->anchorClicked(QUrl(QStringLiteral("https://evil.example/login")));
        auto* question = place.find<QMessageBox>("linkQuestion");
        QVERIFY(question->isVisible());
        QVERIFY(question->informativeText().contains(QStringLiteral("https://evil.example/login")));
        QCOMPARE(question->defaultButton(), question->button(QMessageBox::Cancel));
        question->reject();
        Q_EMIT text->anchorClicked(QUrl(QStringLiteral("file:///etc/passwd")));
        QMessageBox* other = nullptr;
        QTRY_VERIFY((other = place.pane->findChild<QMessageBox*>(QStringLiteral("linkQuestion"))) &&
                    other->isVisible());
        for (const auto* button : other->buttons())
            QVERIFY(other->buttonRole(const_cast<QAbstractButton*>(button)) != QMessageBox::AcceptRole);
        other->reject();
    }

    void longLinesAndLongAnswersAreCutIntoBlocks() {
        const QString line(300000, u'x');
        const auto blocks = markdownBlocks(line);
        QVERIFY(blocks.size() > 30);
        QString joined;
        for (const MarkdownBlock& block : blocks) {
            QVERIFY(block.text.size() <= kMaxMarkdownBlock);
            joined += block.text;
        }
        QCOMPARE(joined, line);
    }

    void cuttingAgainFromTheLastBlockGivesTheSame() {
        const QString text =
            QStringLiteral("# Title\n\nText\n\n1. a\n\n2. b\n\n- x\n\nMore\n\n```cpp\nint a;\n\n"
                           "int b;\n```\n\nEnd\n\n~~~\nopen\n");
        std::vector<MarkdownBlock> grown;
        for (qsizetype end = 1; end <= text.size(); ++end) {
            const qsizetype from = grown.empty() ? 0 : grown.back().source;
            if (!grown.empty()) grown.pop_back();
            for (MarkdownBlock block : markdownBlocks(QStringView(text).first(end).sliced(from))) {
                block.source += from;
                grown.push_back(block);
            }
            QCOMPARE(grown, markdownBlocks(QStringView(text).first(end)));
        }
        std::vector<QString> codes;
        for (const MarkdownBlock& block : grown)
            if (block.kind == MarkdownBlock::Kind::Code) codes.push_back(block.text);
        QCOMPARE(codes, (std::vector<QString>{QStringLiteral("int a;\n\nint b;"), QStringLiteral("open")}));
    }

    void codeAtTheVeryEndHasNoFenceInIt() {
        const auto blocks = markdownBlocks(u"Look:\n```py\nx = 1\n```");
        QCOMPARE(blocks.size(), std::size_t{2});
        QCOMPARE(blocks[1].text, QStringLiteral("x = 1"));
        QCOMPARE(blocks[1].language, QStringLiteral("py"));
    }

    void aGrowingAnswerRedrawsItsLastBlockOnly() {
        const QString text = QStringLiteral("First paragraph.\n\nSecond paragraph.\n\n```\ncode\n");
        MessageBody body;
        body.setText(text.first(40), true);
        const auto parts = body.findChildren<MarkdownText*>();
        QCOMPARE(parts.size(), 2);
        QSignalSpy redrawn(parts.front()->document(), &QTextDocument::contentsChange);
        for (qsizetype end = 41; end <= text.size(); ++end)
            body.setText(text.first(end), true);
        QCOMPARE(redrawn.size(), 0);
        QCOMPARE(body.codes(), QStringList{QStringLiteral("code")});
        QCOMPARE(body.findChildren<MarkdownText*>().size(), 2);
    }

    void aLongConversationIsDrawnFromItsEnd() {
        Place place;
        jobs::Conversation long_;
        long_.id = "long";
        long_.model = managers::fromQt(kModel);
        long_.createdAt = long_.updatedAt = "2026-01-31T12:00:00.000Z";
        for (int i = 0; i < 2 * MessageView::kDrawnAtFirst + 1; ++i)
            long_.messages.push_back(
                {i % 2 == 0 ? "user" : "assistant", "m" + std::to_string(i), "stop", 1, 1.0});
        QVERIFY(jobs::writeConversation(systemFiles(), {place.ground.root()}, long_));
        place.chat->openConversation(QStringLiteral("long"));
        QTRY_COMPARE(place.cards().size(), std::size_t{MessageView::kDrawnAtFirst});
        QCOMPARE(place.cards().back()->text(), QStringLiteral("m60"));
        const auto* earlier = place.find<QPushButton>("earlierButton");
        QCOMPARE(earlier->text(), QStringLiteral("Show 31 earlier messages"));
        place.click("earlierButton");
        QCOMPARE(earlier->text(), QStringLiteral("Show 1 earlier message"));
        const auto* note = place.cards().front()->findChild<QLabel*>(QStringLiteral("messageNote"));
        QCOMPARE(note->text(), QStringLiteral("1 token, 1 a second"));
        QCOMPARE(place.cards().size(), std::size_t{2 * MessageView::kDrawnAtFirst});
        QCOMPARE(place.cards().front()->text(), QStringLiteral("m1"));
        QVERIFY(place.ask(QStringLiteral("more")));
        QCOMPARE(place.cards().size(), std::size_t{2 * MessageView::kDrawnAtFirst + 2});
    }
};

QTEST_MAIN(TestChatText)
#include "test_chat_text.moc"
