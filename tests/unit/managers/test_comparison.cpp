// Two sides of one model over the fake engine.
#include <QSignalSpy>
#include <QTest>

#include "managers/comparison.h"
#include "support/chat_ground.h"

using namespace llamahome;
using namespace llamahome::managers;
using namespace llamahome::testing;

namespace {

/// A conversation of two messages, and beside it a comparison that is on.
struct Sides {
    ChatGround place{true};
    std::unique_ptr<Comparison> comparison;
    std::size_t before = 0; ///< prompts of the training and the conversation

    Sides() {
        if (!place.ask("hello") || !place.awaitKept(1)) qFatal("no conversation");
        comparison = std::make_unique<Comparison>(*place.chat, *place.models);
        comparison->setOn(true);
        before = place.history().prompts.size();
    }
    const ComparedRound& round() const { return comparison->rounds().back(); }
    std::size_t asked() const { return place.history().prompts.size() - before; }
};

} // namespace

class TestComparison final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theModelAloneStandsBesideAnAdapter() {
        Sides sides;
        QCOMPARE(sides.comparison->sides()[0], ComparedSide{});
        QCOMPARE(toQt(sides.comparison->sides()[1].adapter), sides.place.adapter);
        sides.comparison->setOn(false);
        sides.place.chat->setAdapter(sides.place.adapter);
        sides.comparison->setOn(true);
        QCOMPARE(toQt(sides.comparison->sides()[0].adapter), sides.place.adapter);
        QCOMPARE(sides.comparison->sides()[1], ComparedSide{});
    }

    void bothSidesGetTheSameMessageAndSeed() {
        Sides sides;
        ChatGround& place = sides.place;
        config::GenerationSettings sampling = place.chat->current().sampling;
        sampling.seed = 77;
        sampling.temperature = 0.5;
        place.chat->setSampling(sampling);
        QVERIFY(sides.comparison->send(QStringLiteral("which?")));
        QVERIFY(place.awaitIdle());
        QCOMPARE(sides.asked(), std::size_t(2));
        const auto& prompts = place.history().prompts;
        QCOMPARE(prompts[sides.before], prompts[sides.before + 1]);
        QVERIFY(contains(place.lastPrompt(), "which?"));
        QVERIFY(!contains(place.lastPrompt(), "hello"));
        for (const std::size_t i : {sides.before, sides.before + 1}) {
            QCOMPARE(place.history().generations[i].seed, std::uint64_t(77));
            QCOMPARE(place.history().generations[i].temperature, 0.5);
        }
        QCOMPARE(place.history().scales[sides.before], 0.0);
        QCOMPARE(place.history().scales[sides.before + 1], 1.0);
        for (const jobs::ConversationMessage& answer : sides.round().answers) {
            QCOMPARE(answer.content, kAnswer);
            QVERIFY(answer.tokens > 0 && answer.seconds > 0.0);
        }
    }

    void twoAdaptersAnswerWithTheirScales() {
        ChatGround place(true);
        place.close();
        const QString other = toQt(trainRun(place.ground, {"other", 1e-3, 0}).adapterName);
        place.start();
        Comparison comparison(*place.chat, *place.models);
        comparison.setOn(true);
        comparison.setAdapter(0, place.adapter);
        comparison.setScale(0, 0.5);
        comparison.setAdapter(1, other);
        comparison.setScale(1, 2.0);
        const std::size_t before = place.history().scales.size();
        const int adapters = place.history().adapters;
        QVERIFY(comparison.send(QStringLiteral("which?")) && place.awaitIdle());
        QCOMPARE(place.history().scales.size(), before + 2);
        QCOMPARE(place.history().scales[before], 0.5);
        QCOMPARE(place.history().scales[before + 1], 2.0);
        QCOMPARE(place.history().adapters, adapters + 2);
        QVERIFY(comparison.text().contains(QStringLiteral("A, %1 × 0.5:\nthe answer").arg(place.adapter)));
        QVERIFY(comparison.text().contains(QStringLiteral("B, %1 × 2.0:\nthe answer").arg(other)));
    }

    void stopEndsBothSides() {
        Sides sides;
        sides.place.tokens.holdBefore(5);
        QVERIFY(sides.comparison->send(QStringLiteral("which?")));
        QTRY_VERIFY(sides.place.tokens.isReached());
        QTRY_VERIFY(!sides.round().answers[0].content.empty());
        sides.place.chat->stop();
        sides.place.tokens.open();
        QVERIFY(sides.place.awaitIdle());
        QCOMPARE(sides.asked(), std::size_t(1));
        QCOMPARE(sides.round().answers[0].finish, std::string("cancelled"));
        QCOMPARE(sides.round().answers[1].finish, std::string("cancelled"));
        QVERIFY(sides.round().answers[1].content.empty());
        QVERIFY(!sides.comparison->answering());
    }

    void aMessageThatGotNoAnswerComesBack() {
        Sides sides;
        QSignalSpy failed(sides.comparison.get(), &Comparison::failed);
        sides.place.ground.engine.script().failsToGenerate = true;
        QVERIFY(sides.comparison->send(QStringLiteral("which?")) && sides.place.awaitIdle());
        QCOMPARE(failed.count(), 1);
        QCOMPARE(failed[0][1].toString(), QStringLiteral("which?"));
        QVERIFY(sides.comparison->rounds().empty());
    }

    void theConversationIsNotTouched() {
        Sides sides;
        ChatGround& place = sides.place;
        const jobs::Conversation before = place.chat->current();
        sides.comparison->setScale(1, 0.25);
        QVERIFY(sides.comparison->send(QStringLiteral("which?")) && place.awaitIdle());
        sides.comparison->setOn(false);
        QCOMPARE(place.chat->current().messages, before.messages);
        QCOMPARE(place.chat->current().id, before.id);
        QCOMPARE(place.chat->current().adapter, before.adapter);
        QCOMPARE(place.chat->current().updatedAt, before.updatedAt);
        QCOMPARE(place.chat->conversations().size(), std::size_t(1));
        QVERIFY(place.awaitKept(1));
        QVERIFY(place.ask("go on"));
        QVERIFY(contains(place.lastPrompt(), "hello") && !contains(place.lastPrompt(), "which?"));
        QCOMPARE(place.history().scales.back(), 0.0);
    }

    void switchingOffStopsWhatRuns() {
        Sides sides;
        sides.place.tokens.holdBefore(3);
        QVERIFY(sides.comparison->send(QStringLiteral("which?")));
        QTRY_VERIFY(sides.place.tokens.isReached());
        sides.comparison->setOn(false);
        sides.place.tokens.open();
        QVERIFY(sides.place.awaitIdle());
        QCOMPARE(sides.asked(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(TestComparison)
#include "test_comparison.moc"
