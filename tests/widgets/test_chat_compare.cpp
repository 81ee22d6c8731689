// The chat page that is split in two.
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QSignalSpy>
#include <QToolButton>

#include "support/chat_page.h"
#include "widgets/compare_view.h"

using namespace llamahome;
using namespace llamahome::testing;
using namespace llamahome::widgets;

namespace {

struct SplitPage : ChatPage {
    SplitPage()
        : ChatPage(true, true) {
        if (!ask(QStringLiteral("hello"))) qFatal("no conversation");
        split();
    }
    void split() const { QTest::keyClick(input(), Qt::Key_B, Qt::ControlModifier); }
    CompareView* view() const { return find<CompareView>("compareView"); }
    MessageCard* card(std::size_t at) const { return view()->cards().at(at); }
    QString note(std::size_t at) const {
        return card(at)->findChild<QLabel*>(QStringLiteral("messageNote"))->text();
    }
};

} // namespace

class TestChatCompare final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void twoSidesAnswerOneMessage() {
        SplitPage page;
        QVERIFY(page.view()->isVisible());
        QVERIFY(!page.find<QWidget>("conversationPanel")->isVisible());
        QCOMPARE(page.find<QComboBox>("leftAdapter")->currentText(), QStringLiteral("none"));
        QCOMPARE(page.find<QComboBox>("rightAdapter")->currentText(), page.adapter);
        QVERIFY(page.ask(QStringLiteral("which?")));
        QCOMPARE(page.view()->cards().size(), std::size_t(3));
        QCOMPARE(page.card(0)->text(), QStringLiteral("which?"));
        for (const std::size_t at : {1, 2}) {
            QCOMPARE(page.card(at)->text(), QStringLiteral("the answer #### 7"));
            QVERIFY2(page.note(at).contains(QStringLiteral("a second")), qPrintable(page.note(at)));
        }
        QVERIFY(page.card(1)->accessibleName().startsWith(QStringLiteral("A, base model alone: the answer")));
        QVERIFY(page.card(2)->accessibleName().startsWith(QStringLiteral("B, %1: the").arg(page.adapter)));
        const QRect left = page.card(1)->geometry();
        const QRect right = page.card(2)->geometry();
        QCOMPARE(left.top(), right.top());
        QVERIFY(left.right() < right.left() && qAbs(left.width() - right.width()) <= 1);
        QSignalSpy wanted(page.pane.get(), &ChatPane::comparisonReportRequested);
        page.click("saveComparison");
        QCOMPARE(wanted.size(), 1);
        const auto answers = wanted.front()[0].value<std::vector<jobs::ComparedAnswers>>();
        QCOMPARE(answers.size(), std::size_t(1));
        QCOMPARE(answers[0].sides[0].name, std::string("base model alone"));
        QCOMPARE(answers[0].sides[1].answer, std::string("the answer #### 7"));
        QCOMPARE(wanted.front()[1].toStringList(), QStringList{page.adapter});
        page.click("copyComparison");
        QCOMPARE(QApplication::clipboard()->text().count(QStringLiteral("the answer")), 2);
    }

    void stopEndsBoth() {
        SplitPage page;
        const std::size_t before = page.ground.engine.history().prompts.size();
        page.tokens.holdBefore(4);
        page.type(QStringLiteral("which?"));
        QTRY_VERIFY(page.tokens.isReached());
        QTRY_COMPARE(page.note(1), QStringLiteral("writing…"));
        QCOMPARE(page.note(2), QStringLiteral("waiting for the other side"));
        page.type(QStringLiteral("too soon"));
        QVERIFY(page.bar()->text().contains(QStringLiteral("an answer is on its way")));
        page.input()->clear();
        page.click("stopButton");
        page.tokens.open();
        QVERIFY(page.awaitIdle());
        QVERIFY(page.note(1).contains(QStringLiteral("stopped")));
        QCOMPARE(page.note(2), QStringLiteral("stopped"));
        QCOMPARE(page.ground.engine.history().prompts.size(), before + 1);
    }

    void switchingOffShowsTheConversationAsItWas() {
        SplitPage page;
        QVERIFY(page.ask(QStringLiteral("which?")));
        page.split();
        QVERIFY(!page.view()->isVisible());
        QVERIFY(page.find<QWidget>("conversationPanel")->isVisible());
        QCOMPARE(page.cards().size(), std::size_t(2));
        QCOMPARE(page.cards().front()->text(), QStringLiteral("hello"));
        page.split();
        QCOMPARE(page.view()->cards().size(), std::size_t(3));
    }

    void theKeyboardGoesFromAnswerToAnswer() {
        SplitPage page;
        QVERIFY(page.ask(QStringLiteral("which?")));
        page.card(0)->setFocus(Qt::TabFocusReason);
        QTest::keyClick(page.card(0), Qt::Key_Down);
        QVERIFY(page.card(1)->hasFocus());
        QTest::keyClick(page.card(1), Qt::Key_Down);
        QVERIFY(page.card(2)->hasFocus());
        QTest::keyClick(page.card(2), Qt::Key_Up);
        QVERIFY(page.card(1)->hasFocus());
    }

    void aConversationThatIsOpenedEndsIt() {
        SplitPage page;
        page.pane->open(kModel, page.adapter);
        QVERIFY(!page.find<QToolButton>("compareButton")->isChecked());
        QVERIFY(!page.view()->isVisible());
    }

    void withoutAModelThereIsNothingToCompare() {
        ChatPage page(false);
        QVERIFY(!page.find<QToolButton>("compareButton")->isEnabled());
    }
};

QTEST_MAIN(TestChatCompare)
#include "test_chat_compare.moc"
