#include <filesystem>

#include <QTest>

#include "config/model_choice.h"
#include "core/error_codes.h"

using namespace llamahome;
using namespace llamahome::config;

namespace {

Result<std::optional<ModelChoice>> chosen(const char* model, const char* size, const char* variant) {
    auto catalog = Catalog::load(std::filesystem::path(LLAMAHOME_SOURCE_DIR) / ".config/models.json");
    if (!catalog) return catalog.error();
    return modelFromEnvironment(
        {{"LLAMA_MODEL", model}, {"LLAMA_MODEL_SIZE", size}, {"LLAMA_MODEL_VARIANT", variant}}, *catalog);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

class TestModelChoice final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingSetChoosesNothing() {
        const auto choice = chosen("", "", "");
        QVERIFY(choice);
        QVERIFY(!choice->has_value());
    }

    void variablesNameAModel_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("size");
        QTest::addColumn<QString>("variant");
        QTest::addColumn<QString>("expected");
        QTest::newRow("all") << "llama3.3"
                             << "70b"
                             << "chat"
                             << "llama 3.3-70b";
        QTest::newRow("without variant") << "llama3.3"
                                         << "70b"
                                         << ""
                                         << "llama 3.3-70b";
        QTest::newRow("one of its generation") << "llama3.3"
                                               << ""
                                               << ""
                                               << "llama 3.3-70b";
        QTest::newRow("base") << "llama3.2"
                              << "1b"
                              << "base"
                              << "llama 3.2-1b";
        QTest::newRow("chat") << "llama3.2"
                              << "1b"
                              << "chat"
                              << "llama 3.2-1b-instruct";
        QTest::newRow("base without asking") << "llama3.2"
                                             << "1B"
                                             << ""
                                             << "llama 3.2-1b";
        QTest::newRow("dash") << "llama-3.2"
                              << "3b"
                              << ""
                              << "llama 3.2-3b";
        QTest::newRow("capital") << "Llama3.1"
                                 << "8B"
                                 << "chat"
                                 << "llama 3.1-8b-instruct";
        QTest::newRow("family") << "llama"
                                << ""
                                << ""
                                << "llama 3.3-70b";
        QTest::newRow("size alone") << ""
                                    << "405b"
                                    << ""
                                    << "llama 3.1-405b";
        QTest::newRow("variant alone") << ""
                                       << ""
                                       << "chat"
                                       << "llama 3.3-70b";
        QTest::newRow("starter") << "smollm2"
                                 << ""
                                 << ""
                                 << "smollm2 135m-instruct";
        QTest::newRow("starter's base") << "smollm2"
                                        << ""
                                        << "base"
                                        << "smollm2 135m";
        QTest::newRow("starter in billions") << "smollm2"
                                             << "0.135b"
                                             << "chat"
                                             << "smollm2 135m-instruct";
        QTest::newRow("with slash") << "llama/3.2-1b-instruct"
                                    << ""
                                    << ""
                                    << "llama 3.2-1b-instruct";
        QTest::newRow("Hub id") << "meta-llama/Llama-3.2-3B"
                                << ""
                                << ""
                                << "llama 3.2-3b";
    }
    void variablesNameAModel() {
        QFETCH(const QString, model);
        QFETCH(const QString, size);
        QFETCH(const QString, variant);
        QFETCH(const QString, expected);
        const auto choice = chosen(model.toUtf8().data(), size.toUtf8().data(), variant.toUtf8().data());
        QVERIFY2(choice, choice ? "" : choice.error().message.c_str());
        QCOMPARE((*choice)->family + " " + (*choice)->version, expected.toStdString());
        QCOMPARE((*choice)->notice, std::string());
    }

    void aBaseThatDoesNotExistIsToldAndTheOtherTaken() {
        const auto choice = chosen("llama3.3", "70b", "base");
        QVERIFY(choice);
        QCOMPARE((*choice)->version, std::string("3.3-70b"));
        QVERIFY(contains((*choice)->notice, "Instruct only"));
    }

    void aSizeThatDoesNotExistNamesTheVariableAndTheNearest() {
        const auto choice = chosen("llama3.3", "13b", "chat");
        QVERIFY(!choice);
        QVERIFY(choice.error().code == codes::kVersionUnknown);
        QVERIFY(contains(choice.error().message, "LLAMA_MODEL_SIZE=13b"));
        QVERIFY(contains(choice.error().message, "known: 3.3-70b; nearest in size: 3.2-11b"));
    }

    void valuesThatMeanNothingAreUsageErrors() {
        QVERIFY(chosen("llama3.3", "large", "").error().code == codes::kEnvironmentValue);
        QVERIFY(contains(chosen("llama3.3", "large", "").error().message, "LLAMA_MODEL_SIZE"));
        QVERIFY(chosen("llama3.3", "70b", "big").error().code == codes::kEnvironmentValue);
        QVERIFY(contains(chosen("llama3.3", "70b", "big").error().message, "LLAMA_MODEL_VARIANT"));
    }

    void unknownFamiliesAndGenerationsAreNotFound() {
        QVERIFY(chosen("mistral", "7b", "").error().code == codes::kFamilyUnknown);
        QVERIFY(contains(chosen("mistral", "7b", "").error().message, "LLAMA_MODEL"));
        QVERIFY(chosen("llama9", "8b", "").error().code == codes::kVersionUnknown);
        QVERIFY(contains(chosen("llama9", "8b", "").error().message, "LLAMA_MODEL=llama9"));
    }

    void severalModelsAreNotGuessedBetween() {
        const auto choice = chosen("llama3.2", "", "chat");
        QVERIFY(!choice);
        QVERIFY(choice.error().code == codes::kEnvironmentValue);
        QVERIFY(contains(choice.error().message, "3.2-1b-instruct, 3.2-3b-instruct"));
    }
};

QTEST_GUILESS_MAIN(TestModelChoice)
#include "test_model_choice.moc"
