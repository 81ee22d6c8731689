// Numbers and settings in the form that people type.
#include <QTest>

#include "config/setting_parse.h"
#include "config/settings.h"
#include "config/settings_writer.h"
#include "managers/quantity_words.h"
#include "managers/text.h"

using namespace llamahome;
using namespace llamahome::managers;

class TestQuantityWords final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneIsNotMany() {
        const auto rows = [](quint64 count) {
            return countedText(count, QStringLiteral("1 row"), QStringLiteral("%1 rows"));
        };
        QCOMPARE(rows(0), QStringLiteral("0 rows"));
        QCOMPARE(rows(1), QStringLiteral("1 row"));
        QCOMPARE(rows(1204), QStringLiteral("1,204 rows"));
    }

    void aUnitIsOneOrMany() {
        QCOMPARE(unitWord("batches", true), QStringLiteral("batch"));
        QCOMPARE(unitWord("tokens", true), QStringLiteral("token"));
        QCOMPARE(unitWord("batches", false), QStringLiteral("batches"));
        QCOMPARE(unitWord("MiB", true), QStringLiteral("MiB"));
    }

    void noTimeIsLeftThatWouldReadAsNone() {
        QCOMPARE(timeLeftText(std::nullopt), QString());
        QCOMPARE(timeLeftText(0.04), QString());
        QCOMPARE(timeLeftText(420.0), QStringLiteral("7 min"));
    }

    void numbersAreWrittenAsPeopleTypeThem() {
        const std::vector<std::pair<double, const char*>> all{
            {0.0, "0"},     {2e-4, "0.0002"},     {8e-4, "0.0008"},
            {5e-5, "5e-5"}, {1.25e-5, "1.25e-5"}, {1e-10, "1e-10"},
            {16.0, "16"},   {100000.0, "100000"}, {0.1, "0.1"},
            {-0.5, "-0.5"}, {1e20, "1e20"},       {0.30000000000000004, "0.30000000000000004"}};
        for (const auto& [value, text] : all)
            QCOMPARE(typedNumber(value), QString::fromLatin1(text));
    }

    void everySettingReadsBackToItsValue() {
        config::Settings settings;
        settings.training.learning_rate = 3e-5;
        for (const config::SettingDescriptor& setting : config::allSettings()) {
            config::SettingDescriptor any = setting;
            any.form = config::TextForm::Free; // asks no disk
            any.mayBeEmpty = true;
            const QString text = typedSetting(setting, settings);
            const auto parsed = config::parseSettingText(any, fromQt(text), {});
            QVERIFY2(parsed.value, parsed.problem.c_str());
            config::Settings again;
            setting.set(again, *parsed.value);
            QCOMPARE(config::optionText(setting, again), config::optionText(setting, settings));
        }
    }

    void whatARunKeptIsShownInTheSameForm() {
        QCOMPARE(typedRecord("training.learning_rate", "8.0e-04"), QStringLiteral("0.0008"));
        QCOMPARE(typedRecord("training.learning_rate", "garbage"), QStringLiteral("garbage"));
        QCOMPARE(typedRecord("training.lora.r", "16"), QStringLiteral("16"));
        QCOMPARE(typedRecord("state", "1.0"), QStringLiteral("1.0"));
    }

    void memoryIsToldInDecimalUnits() { QCOMPARE(mebibytesText(1024.0), QStringLiteral("1.1 GB")); }
};

QTEST_GUILESS_MAIN(TestQuantityWords)
#include "test_quantity_words.moc"
