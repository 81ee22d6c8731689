// Settings under a locale that writes 0,5. A program of its own, because the locale is the whole process's.
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <locale>

#include <QProcess>
#include <QTest>

#include "config/catalog.h"
#include "config/settings_loader.h"
#include "config/settings_writer.h"
#include "core/file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::config;
using namespace llamahome::testing;

class TestSettingsLocale final : public QObject {
    Q_OBJECT

    TemporaryFolder m_folder;

private Q_SLOTS:
    // The system's de_DE, else one compiled into the test's own folder.
    void initTestCase() {
        if (std::setlocale(LC_ALL, "de_DE.UTF-8") == nullptr) {
            const std::string target = (m_folder / "de_DE.UTF-8").string();
            QProcess::execute(QStringLiteral("localedef"),
                              {QStringLiteral("-i"), QStringLiteral("de_DE"), QStringLiteral("-f"),
                               QStringLiteral("UTF-8"), QString::fromStdString(target)});
            ::setenv("LOCPATH", m_folder.path().c_str(), 1);
        }
        if (std::setlocale(LC_ALL, "de_DE.UTF-8") == nullptr)
            QSKIP("no de_DE locale: neither installed nor could localedef make it (package locales)");
        QCOMPARE(std::localeconv()->decimal_point, ",");
        std::locale::global(std::locale("de_DE.UTF-8"));
    }

    void theLocaleReallyWritesCommas() {
        std::array<char, 16> text{};
        std::snprintf(text.data(), text.size(), "%.1f", 0.5);
        QCOMPARE(std::string(text.data()), std::string("0,5"));
    }

    void shippedFilesMeanTheSame() {
        SettingsSources sources;
        sources.shippedFolder = std::filesystem::path(LLAMAHOME_SOURCE_DIR) / ".config";
        sources.preset = "quick_look";
        const auto loaded = loadSettings(sources);
        QVERIFY2(loaded, loaded ? "" : loaded.error().detail.c_str());
        QCOMPARE(loaded->values.training.learning_rate, 8.0e-4);
        QCOMPARE(loaded->values.model.generation.temperature, 0.6);
    }

    void aRecordIsWrittenWithPointsAndReadBack() {
        Settings settings;
        settings.training.learning_rate = 1.0 / 3.0;
        settings.training.max_steps = 1'234'567;
        const std::string text = writeSettingsYaml(settings);
        QVERIFY(text.find("learning_rate: 0.333") != std::string::npos);
        QVERIFY(text.find("max_steps: 1234567\n") != std::string::npos);
        QVERIFY(writeFileAtomically(systemFiles(), m_folder / "c.yaml", text));
        SettingsSources sources;
        sources.configFile = m_folder / "c.yaml";
        QCOMPARE(loadSettings(sources)->values.training.learning_rate, 1.0 / 3.0);
    }

    void aCommaIsRefusedHereToo() {
        SettingsSources sources;
        sources.options = {{"training.learning_rate", "0,5"}};
        QVERIFY(!loadSettings(sources));
    }

    void catalogSizesHavePoints() {
        QCOMPARE(*parseModelSize("1.7b"), 1.7e9);
        QVERIFY(!parseModelSize("1,7b"));
    }
};

QTEST_GUILESS_MAIN(TestSettingsLocale)
#include "test_settings_locale.moc"
