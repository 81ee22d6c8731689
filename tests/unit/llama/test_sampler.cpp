// The sampler against distributions computed by hand and its determinism.
#include <array>
#include <cmath>
#include <vector>

#include <QTest>

#include "llama/infer/sampler.h"

using namespace llamahome::engine;

namespace {

GenerationOptions sampling() {
    GenerationOptions options;
    options.doSample = true;
    options.temperature = 1.0;
    options.topP = 1.0;
    options.topK = 0;
    return options;
}

std::array<float, 4> probabilities(const GenerationOptions& options) {
    std::array<float, 4> scores{2.0F, 1.0F, 0.0F, -1.0F};
    Sampler(options).toProbabilities(scores);
    return scores;
}

bool near(float a, double b) {
    return std::abs(a - b) < 1e-4;
}

} // namespace

class TestSampler final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void plainSoftmax() {
        const auto p = probabilities(sampling());
        QVERIFY(near(p[0], 0.6439) && near(p[1], 0.2369) && near(p[2], 0.0871) && near(p[3], 0.0321));
    }

    void topPKeepsTheSmallestSetAboveP() {
        GenerationOptions options = sampling();
        options.topP = 0.9;
        const auto three = probabilities(options);
        QVERIFY(three[3] == 0.0F && three[2] > 0.0F);
        QVERIFY(near(three[0], 0.6439 / 0.9679));
        options.topP = 0.5;
        const auto one = probabilities(options);
        QVERIFY(near(one[0], 1.0) && one[1] == 0.0F);
    }

    void topKAndMinP() {
        GenerationOptions options = sampling();
        options.topK = 2;
        QVERIFY(probabilities(options)[2] == 0.0F && probabilities(options)[1] > 0.0F);
        options = sampling();
        options.minP = 0.1;
        QVERIFY(probabilities(options)[3] == 0.0F && probabilities(options)[2] > 0.0F);
    }

    void ofManyTokensTheLargestAreLeft() {
        GenerationOptions options = sampling();
        options.topK = 3;
        options.temperature = 0.7;
        std::vector<float> scores(5000);
        for (std::size_t i = 0; i < scores.size(); ++i)
            scores[i] = static_cast<float>(i * 7919 % 5000) / 1000.0F; // each once
        const std::vector<float> before = scores;
        Sampler sampler(options);
        sampler.toProbabilities(scores);
        double total = 0.0;
        for (const float score : before)
            if (score >= 4.997F) total += std::exp((static_cast<double>(score) - 4.999) / 0.7);
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const double weight = std::exp((static_cast<double>(before[i]) - 4.999) / 0.7) / total;
            QVERIFY(before[i] >= 4.997F ? near(scores[i], weight) : scores[i] == 0.0F);
        }
    }

    void temperatureSharpens() {
        GenerationOptions options = sampling();
        options.temperature = 0.5;
        QVERIFY(near(probabilities(options)[0], 0.8650));
    }

    void repetitionPenaltyDividesPositiveAndMultipliesNegative() {
        std::array<float, 4> scores{2.0F, 1.0F, 0.0F, -1.0F};
        const std::array<std::int32_t, 3> history{0, 3, 3};
        applyRepetitionPenalty(scores, history, 2.0);
        QVERIFY((scores == std::array<float, 4>{1.0F, 1.0F, 0.0F, -2.0F}));
    }

    void greedyTakesTheLowestIdOnTies() {
        GenerationOptions options;
        Sampler sampler(options);
        std::array<float, 4> scores{0.0F, 3.0F, 3.0F, 1.0F};
        QCOMPARE(sampler.next(scores, {}), 1);
        options.doSample = true;
        options.temperature = 0.0;
        Sampler cold(options);
        QCOMPARE(cold.next(scores, {}), 1);
    }

    void drawsFollowTheDistribution() {
        Sampler sampler(sampling());
        std::array<int, 4> counts{};
        for (int i = 0; i < 20000; ++i) {
            std::array<float, 4> scores{2.0F, 1.0F, 0.0F, -1.0F};
            ++counts[static_cast<std::size_t>(sampler.next(scores, {}))];
        }
        QVERIFY(std::abs(counts[0] / 20000.0 - 0.6439) < 0.02);
        QVERIFY(std::abs(counts[3] / 20000.0 - 0.0321) < 0.01);
    }
};

QTEST_GUILESS_MAIN(TestSampler)
#include "test_sampler.moc"
