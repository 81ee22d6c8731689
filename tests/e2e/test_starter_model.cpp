// The starter model from its published file: import, proof, tokens, a short real training run.
//
// Needs LLAMAHOME_TEST_STARTER_GGUF (packaging/fetch_starter_model.sh --gguf prints it); skipped without.
#include <QTest>

#include "core/file_layer.h"
#include "core/json.h"
#include "support/program_runner.h"

using namespace llamahome;
using namespace llamahome::testing;

class TestStarterModel final : public QObject {
    Q_OBJECT

    const ProgramRunner m_runner{QStringLiteral(LLAMAHOME_BINARY)};
    const QStringList m_model{QStringLiteral("smollm2"), QStringLiteral("135m-instruct")};
    Json m_fixture;

    static Json document(const std::string& textOfIt) {
        auto json = parseJson(textOfIt, "standard output");
        if (!json) throw std::runtime_error(json.error().message + ": " + textOfIt);
        return std::move(*json);
    }

    void checkTokensOf(const QByteArray& text, const Json& expected) {
        const ProgramResult ran =
            m_runner.run(QStringList{QStringLiteral("--json"), QStringLiteral("tokenize")} + m_model, text);
        QVERIFY2(ran.code == 0, ran.err.c_str());
        QVERIFY2(document(ran.out)["token_ids"] == expected, text.constData());
    }

private Q_SLOTS:
    void initTestCase() {
        const QString gguf = qEnvironmentVariable("LLAMAHOME_TEST_STARTER_GGUF");
        if (gguf.isEmpty())
            QSKIP(
                "LLAMAHOME_TEST_STARTER_GGUF is not set; packaging/fetch_starter_model.sh --gguf prints it");
        auto fixture =
            readJsonFile(std::filesystem::path(LLAMAHOME_TEST_DATA) / "parity/smollm2_tokens.json");
        QVERIFY2(fixture, fixture ? "" : fixture.error().message.c_str());
        m_fixture = std::move(*fixture);
        const ProgramResult imported =
            m_runner.run(QStringList{QStringLiteral("import"), gguf, QStringLiteral("--as")} + m_model);
        QVERIFY2(imported.code == 0, imported.err.c_str());
    }

    void itIsWholeToTheLastByte() {
        const ProgramResult verified = m_runner.run(QStringList{QStringLiteral("verify")} + m_model +
                                                    QStringList{QStringLiteral("--deep")});
        QVERIFY2(verified.code == 0, (verified.out + verified.err).c_str());
    }

    // Ids made by transformers from the same vocabulary (tests/parity/make_smollm2_tokens.py).
    void tokensAreTransformers() {
        QByteArray input;
        std::vector<Json> expected;
        for (const Json& line : m_fixture["lines"]) {
            const QByteArray text = QByteArray::fromStdString(line[0].get<std::string>());
            if (text.contains('\n') || text.endsWith('\r')) { // --lines would take it for several texts
                checkTokensOf(text, line[1]);
                continue;
            }
            input += text + "\n";
            expected.push_back(line[1]);
        }
        QVERIFY(m_fixture["lines"].size() >= 500);
        const ProgramResult ran = m_runner.run(QStringList{QStringLiteral("tokenize")} + m_model +
                                                   QStringList{QStringLiteral("--lines")},
                                               input);
        QVERIFY2(ran.code == 0, ran.err.c_str());
        const QStringList found = QString::fromStdString(ran.out).split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(static_cast<std::size_t>(found.size()), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY2(document(found[static_cast<int>(i)].toStdString()) == expected[i],
                     ("line " + std::to_string(i)).c_str());
    }

    void renderedChatsAreTransformers() {
        for (const Json& chat : m_fixture["chats"]) {
            if (chat["add_generation_prompt"].get<bool>()) continue;
            const ProgramResult ran =
                m_runner.run(QStringList{QStringLiteral("--json"), QStringLiteral("tokenize")} + m_model +
                                 QStringList{QStringLiteral("--chat")},
                             QByteArray::fromStdString(writeJsonLine(chat["messages"])));
            QVERIFY2(ran.code == 0, ran.err.c_str());
            const Json found = document(ran.out);
            QCOMPARE(found["text"].get<std::string>(), chat["text"].get<std::string>());
            QVERIFY(found["token_ids"] == chat["ids"]);
        }
    }

    void itAnswersInWords() {
        const ProgramResult ran = m_runner.run(
            QStringList{QStringLiteral("--json"), QStringLiteral("generate")} + m_model +
            QStringList{QStringLiteral("--prompt"), QStringLiteral("What is the capital of France?"),
                        QStringLiteral("--greedy"), QStringLiteral("--max-new-tokens"),
                        QStringLiteral("24")});
        QVERIFY2(ran.code == 0, ran.err.c_str());
        QVERIFY2(document(ran.out)["text"].get<std::string>().find("Paris") != std::string::npos,
                 ran.out.c_str());
    }

    void twelveStepsOnRealDataLowerTheEvalLossByAnEighthOrMore() {
        const QString data = QStringLiteral(LLAMAHOME_SOURCE_DIR "/resources/samples/gsm8k_450.jsonl");
        const ProgramResult ran = m_runner.run(
            QStringList{QStringLiteral("--json"), QStringLiteral("train")} + m_model +
            QStringList{QStringLiteral("--data"), data, QStringLiteral("--preset"),
                        QStringLiteral("quick_look"), QStringLiteral("--max-steps"), QStringLiteral("12"),
                        QStringLiteral("--eval-steps"), QStringLiteral("12"),
                        QStringLiteral("--validation-split"), QStringLiteral("0.02"),
                        QStringLiteral("--name"), QStringLiteral("e2e")});
        QVERIFY2(ran.code == 0, ran.err.c_str());
        const QStringList lines = QString::fromStdString(ran.out).split(u'\n', Qt::SkipEmptyParts);
        const Json summary = document(lines.back().toStdString());
        QCOMPARE(summary["steps"].get<int>(), 12);
        QVERIFY2(summary["best_eval_loss"].get<double>() < 0.875 * summary["first_eval_loss"].get<double>(),
                 lines.back().toUtf8().constData());
    }
};

QTEST_GUILESS_MAIN(TestStarterModel)
#include "test_starter_model.moc"
