// The shell's main jobs on a tiny model, with the real engine: train, stop, kill, resume, evaluate, remove.
#include <cmath>
#include <csignal>
#include <limits>

#include "tiny_home.h"

using namespace llamahome;
using namespace llamahome::testing;

namespace {

/// metrics.jsonl without what a clock or the machine decides.
std::vector<Json> timelessMetrics(const std::filesystem::path& runFolder) {
    const auto lines = readFile(runFolder / "metrics.jsonl");
    if (!lines) throw std::runtime_error(lines.error().message);
    std::vector<Json> metrics = jsonLines(*lines);
    for (Json& line : metrics)
        for (const char* key : {"time", "tokens_per_second", "step_seconds", "peak_memory_mib"})
            line.erase(key);
    return metrics;
}

} // namespace

class TestTinyRun final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void trainingLearnsAndLeavesACompleteAdapter() {
        const TinyHome home;
        const ProgramResult ran = home.runner().run(home.trainWords(
            QStringLiteral("better"), {QStringLiteral("--epochs"), QStringLiteral("4"),
                                       QStringLiteral("--target-modules"), QStringLiteral("all-linear")}));
        QVERIFY2(ran.code == 0, ran.err.c_str());
        const Json summary = jsonLines(ran.out).back();
        QCOMPARE(summary["kind"].get<std::string>(), std::string("summary"));
        QVERIFY(summary["best_eval_loss"].get<double>() < 0.9 * summary["first_eval_loss"].get<double>());
        const std::filesystem::path folder = summary["adapter_folder"].get<std::string>();
        for (const char* name : {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json",
                                 "training_record.yaml", "llamahome.json"})
            QVERIFY2(std::filesystem::exists(folder / name), name);
        const QString adapter = QString::fromStdString(summary["adapter"].get<std::string>());
        const ProgramResult evaluated = home.runner().run(
            {QStringLiteral("--json"), QStringLiteral("evaluate"), QStringLiteral("smollm2"),
             QStringLiteral("135m-instruct"), QStringLiteral("--data"), text(home.data()),
             QStringLiteral("--adapter"), adapter, QStringLiteral("--base")});
        QVERIFY2(evaluated.code == 0, evaluated.err.c_str());
        const auto report = parseJson(evaluated.out, "evaluate");
        QVERIFY(report);
        QVERIFY((*report)["loss"].get<double>() < (*report)["base"]["loss"].get<double>());
    }

    void aRunIsEvaluatedOnItsOwnRowsAndReported() {
        const TinyHome home;
        const QString name = QStringLiteral("measured");
        const ProgramResult trained = home.runner().run(home.trainWords(name, shortRun()));
        QVERIFY2(trained.code == 0, trained.err.c_str());
        const ProgramResult evaluated =
            home.runner().run({QStringLiteral("--json"), QStringLiteral("evaluate"), QStringLiteral("--run"),
                               name, QStringLiteral("--answers"), QStringLiteral("3"),
                               QStringLiteral("--rows"), QStringLiteral("60")});
        QVERIFY2(evaluated.code == 0, evaluated.err.c_str());
        const auto report = parseJson(evaluated.out, "evaluate");
        QVERIFY(report);
        double first = -1.0;
        double best = std::numeric_limits<double>::infinity();
        for (const Json& line : timelessMetrics(home.runFolder(name)))
            if (line["kind"] == "eval") {
                if (first < 0.0) first = line["eval_loss"].get<double>();
                best = std::min(best, line["eval_loss"].get<double>());
            }
        const Json& base = (*report)["base"];
        const auto isNear = [](const Json& found, double expected) {
            return std::abs(found.get<double>() - expected) <= 1e-4 * expected;
        };
        QVERIFY2(isNear(base["loss"], first), evaluated.out.c_str()); // what the run measured itself
        QVERIFY2(isNear((*report)["loss"], best), evaluated.out.c_str());
        QVERIFY(isNear(base["perplexity"], std::exp(base["loss"].get<double>())));
        QCOMPARE((*report)["match"].get<std::string>(), std::string("number"));
        QCOMPARE((*report)["answers"].size(), std::size_t{3});
        const Json& worst = (*report)["worst_rows"];
        QCOMPARE(worst.size(), (*report)["rows"].get<std::size_t>());
        double sum = 0.0;
        double tokens = 0.0;
        for (std::size_t i = 0; i < worst.size(); ++i) {
            const double loss = worst[i]["loss"].get<double>();
            QVERIFY(i == 0 || loss <= worst[i - 1]["loss"].get<double>());
            sum += loss * worst[i]["supervised_tokens"].get<double>();
            tokens += worst[i]["supervised_tokens"].get<double>();
        }
        QVERIFY(isNear((*report)["loss"], sum / tokens));
        const std::filesystem::path file = home.runner().home() / "report.html";
        const ProgramResult reported = home.runner().run(
            {QStringLiteral("runs"), QStringLiteral("report"), name, QStringLiteral("--out"), text(file)});
        QVERIFY2(reported.code == 0, reported.err.c_str());
        const auto html = readFile(file);
        QVERIFY(html && html->find("<svg") != std::string::npos);
        QVERIFY(html->find("Answers to held-out questions") != std::string::npos);
    }

    void theSameSeedGivesTheSameMetricsAndAdapter() {
        const TinyHome home;
        const ProgramResult first = home.runner().run(home.trainWords(QStringLiteral("one"), shortRun()));
        const ProgramResult second = home.runner().run(home.trainWords(QStringLiteral("two"), shortRun()));
        QVERIFY2(first.code == 0 && second.code == 0, first.err.c_str());
        QVERIFY(timelessMetrics(home.runFolder(QStringLiteral("one"))) ==
                timelessMetrics(home.runFolder(QStringLiteral("two"))));
        const auto a =
            readFile(home.adapter("smollm2_135m-instruct_finetuned") / "adapter_model.safetensors");
        const auto b =
            readFile(home.adapter("smollm2_135m-instruct_finetuned-2") / "adapter_model.safetensors");
        QVERIFY(a && b);
        QVERIFY(*a == *b);
    }

    void anInterruptedRunExitsWithFourAndGoesOn() {
        const TinyHome home;
        const auto process = home.runner().start(home.trainWords(QStringLiteral("cut"), longRun()));
        QVERIFY(waitForMetrics(*process, home.runFolder(QStringLiteral("cut")), 8));
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        const ProgramResult cut = ProgramRunner::finish(*process);
        QVERIFY2(cut.code == 4, cut.err.c_str());
        const Json summary = jsonLines(cut.out).back();
        const std::filesystem::path adapter = home.adapter("smollm2_135m-instruct_finetuned");
        QVERIFY(std::filesystem::exists(adapter / "adapter_model.safetensors"));
        const ProgramResult answer = home.runner().run(
            {QStringLiteral("generate"), QStringLiteral("smollm2"), QStringLiteral("135m-instruct"),
             QStringLiteral("--adapter"), QStringLiteral("smollm2_135m-instruct_finetuned"),
             QStringLiteral("--prompt"), QStringLiteral("What is 3 plus one?"),
             QStringLiteral("--max-new-tokens"), QStringLiteral("5")});
        QVERIFY2(answer.code == 0, answer.err.c_str());
        const ProgramResult resumed =
            home.runner().run({QStringLiteral("--json"), QStringLiteral("resume"), QStringLiteral("cut")});
        QVERIFY2(resumed.code == 0, resumed.err.c_str());
        QCOMPARE(jsonLines(resumed.out).back()["steps"].get<int>(), 60);
    }

    void aResumedRunOfAModelByPathNamesAChatThatWorks() {
        const TinyHome home;
        const QString model = text(home.runner().home() / "tiny");
        QStringList words = home.trainWords(QStringLiteral("path"), longRun());
        words.removeOne(QStringLiteral("smollm2"));
        words.replace(words.indexOf(QStringLiteral("135m-instruct")), model);
        const auto process = home.runner().start(words);
        QVERIFY(waitForMetrics(*process, home.runFolder(QStringLiteral("path")), 8));
        ::kill(static_cast<pid_t>(process->processId()), SIGINT);
        const ProgramResult cut = ProgramRunner::finish(*process);
        QVERIFY2(cut.code == 4, cut.err.c_str());
        const ProgramResult resumed = home.runner().run({QStringLiteral("resume"), QStringLiteral("path")});
        QVERIFY2(resumed.code == 0, resumed.err.c_str());
        const std::string chat = "llamahome chat " + model.toStdString() + " --adapter ";
        QVERIFY2(resumed.out.find(chat) != std::string::npos, resumed.out.c_str());
    }

    void theBundledSamplesAreThereAfterTheFirstJob() {
        const TinyHome home;
        QVERIFY(std::filesystem::exists(home.runner().root() / "data/training/samples/gsm8k_450.jsonl"));
    }

    void aKilledRunResumesToTheAdapterOfAnUndisturbedOne() {
        const TinyHome home;
        const ProgramResult whole = home.runner().run(home.trainWords(QStringLiteral("whole"), longRun()));
        QVERIFY2(whole.code == 0, whole.err.c_str());
        const auto expected =
            readFile(home.adapter("smollm2_135m-instruct_finetuned") / "adapter_model.safetensors");
        QVERIFY(expected);

        const auto process = home.runner().start(home.trainWords(QStringLiteral("killed"), longRun()));
        QVERIFY(waitForMetrics(*process, home.runFolder(QStringLiteral("killed")), 17));
        process->kill();
        QVERIFY(process->waitForFinished());
        const ProgramResult runs = home.runner().run({QStringLiteral("--json"), QStringLiteral("runs")});
        QVERIFY2(runs.out.find("\"interrupted\"") != std::string::npos, runs.out.c_str());
        const ProgramResult resumed =
            home.runner().run({QStringLiteral("--json"), QStringLiteral("resume"), QStringLiteral("killed")});
        QVERIFY2(resumed.code == 0, resumed.err.c_str());
        const std::filesystem::path adapter =
            jsonLines(resumed.out).back()["adapter_folder"].get<std::string>();
        const auto found = readFile(adapter / "adapter_model.safetensors");
        QVERIFY(found);
        QVERIFY(*found == *expected);
    }

    void numbersThatAreNoneAreNamedAndTheDamageStaysNamedUntilItIsPutRight() {
        const TinyHome home;
        const auto run = [&](const QString& command, const QStringList& more = {},
                             const QByteArray& in = {}) {
            return home.runner().run(QStringList{QStringLiteral("--json"), command, QStringLiteral("smollm2"),
                                                 QStringLiteral("135m-instruct")} +
                                         more,
                                     in);
        };
        const auto codeOf = [](const ProgramResult& result) {
            return jsonLines(result.out).back()["error"]["code"].get<std::string>();
        };
        const auto weights = home.runner().root() / "data/models/smollm2/135m-instruct/model.safetensors";
        std::string bytes = *readFile(weights);
        bytes[bytes.size() - 1] = '\x7F'; // the last weight is NaN
        bytes[bytes.size() - 2] = '\xFF';
        QVERIFY(writeFileAtomically(systemFiles(), weights, bytes));
        for (const auto& result :
             {run(QStringLiteral("generate"), {QStringLiteral("--prompt"), QStringLiteral("x")}),
              run(QStringLiteral("chat"), {}, "hello\n"),
              run(QStringLiteral("evaluate"), {QStringLiteral("--data"), text(home.data())})}) {
            QCOMPARE(result.code, 1);
            QCOMPARE(codeOf(result), std::string("GEN-03"));
        }
        const QStringList prompt{QStringLiteral("--prompt"), QStringLiteral("x"),
                                 QStringLiteral("--max-new-tokens"), QStringLiteral("2")};
        QCOMPARE(run(QStringLiteral("verify"), {QStringLiteral("--deep")}).code, 1);
        QCOMPARE(run(QStringLiteral("verify")).code, 0); // the structure is whole
        const ProgramResult listed = home.runner().run({QStringLiteral("models"), QStringLiteral("smollm2")});
        QVERIFY2(listed.out.find("damaged") != std::string::npos, listed.out.c_str());
        QCOMPARE(codeOf(run(QStringLiteral("generate"), prompt)), std::string("LIB-04"));
        const ProgramResult imported = home.runner().run(
            {QStringLiteral("import"), text(home.runner().home() / "tiny"), QStringLiteral("--as"),
             QStringLiteral("smollm2"), QStringLiteral("135m-instruct")});
        QVERIFY2(imported.code == 0, imported.err.c_str());
        QVERIFY2(imported.out.find("in place of what was there") != std::string::npos, imported.out.c_str());
        const ProgramResult answered = run(QStringLiteral("generate"), prompt);
        QVERIFY2(answered.code == 0, answered.err.c_str());
        QCOMPARE(run(QStringLiteral("verify"), {QStringLiteral("--deep")}).code, 0);
    }

    void anImportedAdapterIsUsedByItsName() {
        const TinyHome home;
        const ProgramResult trained = home.runner().run(home.trainWords(QStringLiteral("made"), shortRun()));
        QVERIFY2(trained.code == 0, trained.err.c_str());
        const std::filesystem::path elsewhere = home.runner().home() / "elsewhere";
        std::filesystem::rename(home.adapter("smollm2_135m-instruct_finetuned"), elsewhere);
        std::filesystem::remove(elsewhere / "llamahome.json");
        const ProgramResult imported = home.runner().run(
            {QStringLiteral("import"), text(elsewhere), QStringLiteral("--as"), QStringLiteral("mine")});
        QVERIFY2(imported.code == 0, imported.err.c_str());
        QVERIFY2(imported.out.find("llamahome chat smollm2 135m-instruct --adapter mine") !=
                     std::string::npos,
                 imported.out.c_str());
        std::filesystem::remove_all(elsewhere); // it is the library's own now
        const QStringList few{QStringLiteral("--adapter"), QStringLiteral("mine"),
                              QStringLiteral("--max-new-tokens"), QStringLiteral("3")};
        const ProgramResult generated =
            home.runner().run(QStringList{QStringLiteral("--json"), QStringLiteral("generate"),
                                          QStringLiteral("--prompt"), QStringLiteral("What is 3 plus one?")} +
                              few); // its base is known
        QVERIFY2(generated.code == 0, generated.err.c_str());
        QVERIFY(jsonLines(generated.out).back().contains("token_ids"));
        const ProgramResult chatted =
            home.runner().run(QStringList{QStringLiteral("--json"), QStringLiteral("chat"),
                                          QStringLiteral("smollm2"), QStringLiteral("135m-instruct")} +
                                  few,
                              "hello\n");
        QVERIFY2(chatted.code == 0, chatted.err.c_str());
        QVERIFY(jsonLines(chatted.out).back().contains("token_ids"));
        const ProgramResult verified =
            home.runner().run({QStringLiteral("verify"), QStringLiteral("mine"), QStringLiteral("--deep")});
        QVERIFY2(verified.code == 0, verified.out.c_str());
    }

    void removeFreesTheModelAndItsAdapterStays() {
        const TinyHome home;
        const auto model = home.runner().root() / "data/models/smollm2/135m-instruct";
        QVERIFY(std::filesystem::exists(model / "llamahome.json"));
        const ProgramResult removed =
            home.runner().run({QStringLiteral("remove"), QStringLiteral("smollm2"),
                               QStringLiteral("135m-instruct"), QStringLiteral("--yes")});
        QVERIFY2(removed.code == 0, removed.err.c_str());
        QVERIFY(!std::filesystem::exists(model));
        const ProgramResult missing = home.runner().run(
            {QStringLiteral("generate"), QStringLiteral("smollm2"), QStringLiteral("135m-instruct"),
             QStringLiteral("--prompt"), QStringLiteral("x")});
        QCOMPARE(missing.code, 3);
    }
};

QTEST_GUILESS_MAIN(TestTinyRun)
#include "test_tiny_run.moc"
