#include <cmath>
#include <filesystem>

#include <QTest>

#include "config/catalog.h"
#include "core/error_codes.h"

using namespace llamahome;
using namespace llamahome::config;

namespace {

Catalog shipped() {
    auto catalog = Catalog::load(std::filesystem::path(LLAMAHOME_SOURCE_DIR) / ".config/models.json");
    if (!catalog) qFatal("%s", catalog.error().message.c_str());
    return *catalog;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Result<Catalog> parsed(std::string_view text) {
    return Catalog::parse(*parseJson(text, "m.json"), "m.json");
}

} // namespace

class TestCatalog final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theShippedCatalogueHasTheKnownModels() {
        const Catalog catalog = shipped();
        const CatalogFamily* llama = catalog.findFamily("llama");
        QVERIFY(llama != nullptr);
        QCOMPARE(llama->defaultVersion, std::string("3.3-70b"));
        const std::vector<std::pair<std::string, double>> memory{
            {"3.3-70b", 40}, {"3.2-1b", 4}, {"3.2-3b", 6},    {"3.2-11b", 12},
            {"3.2-90b", 48}, {"3.1-8b", 8}, {"3.1-405b", 128}};
        for (std::size_t i = 0; i < memory.size(); ++i) {
            QCOMPARE(llama->versions.at(i).version, memory[i].first);
            QCOMPARE(llama->versions.at(i).min_gpu_memory, memory[i].second);
            QCOMPARE(llama->versions.at(i).formats.at(0), std::string("meta"));
        }
        QCOMPARE(catalog.defaultVersion("smollm2")->hubId,
                 std::string("HuggingFaceTB/SmolLM2-135M-Instruct"));
    }

    void everyEntryIsWholeAndItsIdLeadsBackToIt() {
        const Catalog catalog = shipped();
        for (const CatalogFamily& family : catalog.families()) {
            for (const CatalogVersion& version : family.versions) {
                const char* name = version.version.c_str();
                QVERIFY2(version.family == family.name, name);
                QVERIFY2(version.min_gpu_memory > 0 && version.contextLength >= 8192, name);
                QVERIFY2(!version.licence.empty(), name);
                // bf16: two bytes a parameter, and a header for each file.
                const double bytes = static_cast<double>(version.sizeBytes);
                QVERIFY2(std::abs(bytes / static_cast<double>(version.parameters) - 2.0) < 1e-3, name);
                QCOMPARE(catalog.findHubId(version.hubId)->version, version.version);
                const auto parts = parseVersionName(version.version);
                QVERIFY2(parts, name);
                QVERIFY2(!parts->instruct || version.instruct, name);
                QVERIFY2(std::abs(static_cast<double>(version.parameters) / parts->size - 1.0) < 0.3, name);
            }
        }
    }

    void everyLlamaHasAnInstructVersion() {
        const Catalog catalog = shipped();
        for (const CatalogVersion& version : catalog.findFamily("llama")->versions)
            if (!version.version.ends_with("-instruct"))
                QVERIFY2(catalog.find("llama", version.version + "-instruct")->instruct,
                         version.version.c_str());
    }

    void llama33ExistsAsInstructOnly() {
        const Catalog catalog = shipped();
        const auto version = catalog.find("llama", "3.3-70b");
        QVERIFY(version->instruct);
        QVERIFY(contains(version->note, "Instruct only"));
        QCOMPARE(catalog.find("llama", "3.3-70b-instruct")->version, std::string("3.3-70b"));
    }

    void formerHubIdsAndOtherCasesLeadToTheEntry() {
        const Catalog catalog = shipped();
        QCOMPARE(catalog.findHubId("meta-llama/Meta-Llama-3.1-8B-Instruct")->version,
                 std::string("3.1-8b-instruct"));
        QCOMPARE(catalog.findHubId("META-LLAMA/llama-3.2-1b")->version, std::string("3.2-1b"));
        QVERIFY(!catalog.findHubId("meta-llama/Llama-9"));
        QVERIFY(!catalog.findHubId(""));
    }

    void unknownVersionsNameTheKnownAndTheNearest_data() {
        QTest::addColumn<QString>("version");
        QTest::addColumn<QString>("says");
        QTest::newRow("other size") << "3.3-7b"
                                    << "known: 3.3-70b; nearest in size: 3.1-8b";
        QTest::newRow("13b") << "3.3-13b"
                             << "known: 3.3-70b; nearest in size: 3.2-11b";
        QTest::newRow("other generation") << "4-8b"
                                          << "nearest in size: 3.1-8b";
        QTest::newRow("instruct")
            << "3.2-2b-instruct"
            << "known: 3.2-1b-instruct, 3.2-3b-instruct, 3.2-11b-instruct, 3.2-90b-instruct; "
               "nearest in size: 3.2-3b-instruct";
        QTest::newRow("typo") << "3.2-1bb"
                              << "nearest is 3.2-1b";
        QTest::newRow("nonsense") << "x"
                                  << "known: 3.3-70b, 3.2-1b";
        QTest::newRow("nothing") << ""
                                 << "known: 3.3-70b, 3.2-1b";
    }
    void unknownVersionsNameTheKnownAndTheNearest() {
        QFETCH(const QString, version);
        QFETCH(const QString, says);
        const auto found = shipped().find("llama", version.toStdString());
        QVERIFY(!found);
        QVERIFY(found.error().code == codes::kVersionUnknown);
        QVERIFY(found.error().code.errorClass == ErrorClass::NotFound);
        QVERIFY2(contains(found.error().message, says.toStdString()), found.error().message.c_str());
        QVERIFY(contains(found.error().message, "`" + version.toStdString() + "`"));
    }

    void unknownFamiliesNameTheKnown() {
        for (const auto& found : {shipped().find("lama", "3.2-1b"), shipped().defaultVersion("lama")}) {
            QVERIFY(found.error().code == codes::kFamilyUnknown);
            QVERIFY(contains(found.error().message, "known: llama, smollm2; nearest is llama"));
        }
    }

    void lettersOfNamesMayBeCapital() {
        QCOMPARE(shipped().find("Llama", "3.2-1B")->version, std::string("3.2-1b"));
    }

    void theShortFormLoadsAsItIs() {
        const auto catalog =
            Catalog::load(std::filesystem::path(LLAMAHOME_TEST_DATA) / "config/models_short.json");
        QVERIFY2(catalog, catalog ? "" : catalog.error().message.c_str());
        QCOMPARE(catalog->findFamily("llama")->versions.size(), std::size_t(7));
        QCOMPARE(catalog->find("llama", "3.1-405b")->min_gpu_memory, 128.0);
        QCOMPARE(catalog->defaultVersion("llama")->version, std::string("3.3-70b"));
        QCOMPARE(catalog->find("llama", "3.2-1b")->hubId, std::string());
    }

    void memoryMayBeAListOrOneNumberAndFamiliesMayBeWrapped() {
        const auto list = parsed(R"({"models":{"f":{"versions":["1b","2b"],"min_gpu_memory":[3,5.5]}}})");
        QCOMPARE(list->find("f", "2b")->min_gpu_memory, 5.5);
        QCOMPARE(list->defaultVersion("f")->version, std::string("1b"));
        const auto one = parsed(R"({"f":{"versions":["1b","2b"],"min_gpu_memory":4,"unknown":[]}})");
        QCOMPARE(one->find("f", "2b")->min_gpu_memory, 4.0);
    }

    void wrongCataloguesAreRefusedByPlace_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("says");
        QTest::newRow("list") << "[]"
                              << "found no families";
        QTest::newRow("empty") << "{}"
                               << "found no families";
        QTest::newRow("family") << R"({"f":1})"
                                << "m.json: f: found no object";
        QTest::newRow("no versions") << R"({"f":{}})"
                                     << "f.versions: found none";
        QTest::newRow("version kind") << R"({"f":{"versions":[1]}})"
                                      << "f.versions";
        QTest::newRow("version up") << R"({"f":{"versions":[".."]}})"
                                    << "\"..\" is no name for a folder";
        QTest::newRow("version slash") << R"({"f":{"versions":["a/b"]}})"
                                       << "no name for a folder";
        QTest::newRow("family up") << R"({"..":{"versions":["1b"]}})"
                                   << "no name for a folder";
        QTest::newRow("twice") << R"({"f":{"versions":["1b","1b"]}})"
                               << "twice";
        QTest::newRow("default") << R"({"f":{"versions":["1b"],"default_version":"2b"}})"
                                 << "f.default_version: \"2b\"";
        QTest::newRow("memory name") << R"({"f":{"versions":["1b"],"min_gpu_memory":{"2b":1}}})"
                                     << "\"2b\"";
        QTest::newRow("memory size") << R"({"f":{"versions":["1b"],"min_gpu_memory":[1,2]}})"
                                     << "found 2 numbers";
        QTest::newRow("memory value") << R"({"f":{"versions":["1b"],"min_gpu_memory":-1}})"
                                      << "number of GB";
        QTest::newRow("memory kind") << R"({"f":{"versions":["1b"],"min_gpu_memory":"4"}})"
                                     << "number of GB";
        QTest::newRow("detail name") << R"({"f":{"versions":["1b"],"details":{"x":{}}}})"
                                     << "f.details: \"x\"";
        QTest::newRow("detail kind") << R"({"f":{"versions":["1b"],"details":{"1b":1}}})"
                                     << "f.details";
        QTest::newRow("parameters") << R"({"f":{"versions":["1b"],"details":{"1b":{"parameters":-1}}}})"
                                    << "f.parameters";
    }
    void wrongCataloguesAreRefusedByPlace() {
        QFETCH(const QString, text);
        QFETCH(const QString, says);
        const auto catalog = parsed(text.toStdString());
        QVERIFY(!catalog);
        QVERIFY(catalog.error().code == codes::kCatalogShape);
        QVERIFY2(contains(catalog.error().message, says.toStdString()), catalog.error().message.c_str());
    }

    void aMissingCatalogueIsNotFound() {
        QVERIFY(Catalog::load("/nowhere/models.json").error().code == codes::kFileNotFound);
    }

    void versionNames() {
        const auto name = parseVersionName("3.2-1b-instruct");
        QCOMPARE(name->generation, std::string("3.2"));
        QCOMPARE(name->size, 1e9);
        QVERIFY(name->instruct);
        QCOMPARE(parseVersionName("135m")->generation, std::string());
        for (const char* bad :
             {"", "instruct", "3.2", "1b-", "-instruct", "nanb", "infb", "1e5b", "-1b", "0b"})
            QVERIFY2(!parseVersionName(bad), bad);
    }
};

QTEST_GUILESS_MAIN(TestCatalog)
#include "test_catalog.moc"
