// Expressions of adapter configurations match as Python's re.fullmatch does (make_module_patterns.py).
#include <QtTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "file_bytes.h"
#include "formats/peft/module_pattern.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

class TestModulePattern final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyExpressionMatchesTheNamesThatPythonsDoes() {
        const auto json = readJsonFile(fixture("module_patterns.json"));
        QVERIFY(json);
        const auto names = (*json)["names"].get<std::vector<std::string>>();
        std::size_t compared = 0;
        for (const Json& one : (*json)["cases"]) {
            const auto expression = one["expression"].get<std::string>();
            const auto pattern = ModulePattern::compile(expression, "c");
            if (!one.contains("matches")) {
                QVERIFY2(!pattern, expression.c_str());
                QVERIFY2(pattern.error().code == (one.contains("error") ? codes::kAdapterConfigValue
                                                                        : codes::kAdapterUnsupported),
                         pattern.error().message.c_str());
                continue;
            }
            QVERIFY2(pattern, pattern ? "" : pattern.error().message.c_str());
            std::vector<std::size_t> matched;
            MatchBudget budget;
            for (auto i = one["first"].get<std::size_t>(); i < names.size(); ++i)
                if (pattern->matches(names[i], budget)) matched.push_back(i);
            QVERIFY2(matched == one["matches"].get<std::vector<std::size_t>>(), expression.c_str());
            QVERIFY(!budget.isSpent());
            ++compared;
        }
        QVERIFY(compared > 400);
    }

    void anExpressionThatCostsPythonForEverIsDecidedAtOnce() {
        const auto pattern = ModulePattern::compile("((\\w*)*\\.?)*!", "c");
        QVERIFY(pattern);
        MatchBudget budget;
        QVERIFY(!pattern->matches(std::string(200, 'a'), budget));
        QVERIFY(MatchBudget{}.steps - budget.steps < 10'000);
    }

    void aBudgetThatIsSpentIsTold() {
        const auto pattern = ModulePattern::compile("(.*a){20}", "c");
        QVERIFY(pattern);
        MatchBudget budget{50};
        QVERIFY(!pattern->matches(std::string(40, 'a'), budget));
        QVERIFY(budget.isSpent());
        MatchBudget enough;
        QVERIFY(pattern->matches(std::string(40, 'a'), enough));
    }

    void expressionsOfOneFileShareABudget() {
        ProgramBudget budget{4000};
        std::size_t read = 0;
        while (read < 10 && ModulePattern::compile("a{1300}", "c", budget))
            ++read;
        QCOMPARE(read, 1U); // put together, then into the sequence
        const auto refused = ModulePattern::compile("a{1300}", "c", budget);
        QVERIFY(!refused && refused.error().code == codes::kAdapterUnsupported);
        QVERIFY(ModulePattern::compile("a", "c", budget));
    }

    void whatIsRepeatedNoTimeCostsItsMaking() {
        ProgramBudget budget;
        std::string expression;
        for (int i = 0; i < 300; ++i)
            expression += "(a{1300}){0}";
        const auto refused = ModulePattern::compile(expression, "c", budget);
        QVERIFY(!refused && refused.error().code == codes::kAdapterUnsupported);
    }

    void manyAlternativesArePutTogetherOnce() {
        std::string expression = "a";
        for (int i = 0; i < 1200; ++i)
            expression += "|b";
        ProgramBudget budget;
        const auto pattern = ModulePattern::compile(expression + "|c", "c", budget);
        QVERIFY2(pattern, pattern ? "" : pattern.error().message.c_str());
        QVERIFY(ProgramBudget{}.steps - budget.steps < 6000);
        MatchBudget steps;
        for (const char* name : {"a", "b", "c"})
            QVERIFY(pattern->matches(name, steps));
        QVERIFY(!pattern->matches("d", steps) && !pattern->matches("ab", steps) && !steps.isSpent());
    }

    void whatALongProgramRemembersCounts() {
        const auto pattern = ModulePattern::compile("a{1300}", "c");
        QVERIFY(pattern);
        MatchBudget budget;
        QVERIFY(!pattern->matches(std::string(63, 'b'), budget));
        QVERIFY(MatchBudget{}.steps - budget.steps >= 1300);
    }

    void expressionsOutOfMeasureAreRefused() {
        for (const std::string& expression :
             {std::string(5000, 'a'), std::string(40, '(') + std::string(40, ')'),
              std::string("a{99999999999999999999}"), std::string("((a{60}){60}){60}")}) {
            const auto pattern = ModulePattern::compile(expression, "adapter_config.json: target_modules");
            QVERIFY(!pattern && pattern.error().code == codes::kAdapterUnsupported);
            QVERIFY(contains(pattern.error().message, "adapter_config.json: target_modules"));
        }
    }
};

QTEST_GUILESS_MAIN(TestModulePattern)
#include "test_module_pattern.moc"
