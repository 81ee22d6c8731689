// The program as a user meets it: the built binary, its exit codes, its messages, the purity of its output.

#include <QProcess>
#include <QStandardPaths>
#include <QTest>

#include "app/program.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "jobs/library/root_lock.h"
#include "support/program_runner.h"
#include "support/tiny_model.h"

using namespace llamahome;
using namespace llamahome::testing;

namespace {

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

QStringList importWords(const ProgramRunner& runner) {
    return {QStringLiteral("import"), QString::fromStdString((runner.home() / "tiny").string()),
            QStringLiteral("--as"), QStringLiteral("smollm2"), QStringLiteral("135m-instruct")};
}

void collect(const app::CommandSpec& spec, const QStringList& path, QList<QStringList>& out) {
    out.append(path);
    for (const app::CommandSpec& child : spec.commands)
        collect(child, path + QStringList{QString::fromStdString(child.name)}, out);
}

} // namespace

class TestProgram final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void withoutACommandAndADisplayItSaysHowToGoOn() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran = runner.run({});
        QCOMPARE(ran.code, 5);
        QVERIFY2(contains(ran.err, "no window: neither DISPLAY nor WAYLAND_DISPLAY"), ran.err.c_str());
        QVERIFY2(contains(ran.out, "llamahome train smollm2 135m-instruct --data"), ran.out.c_str());
        QVERIFY(contains(ran.out, "Commands:"));
    }

    void withoutACommandJsonOpensNoWindow() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran = runner.run({QStringLiteral("--json")}, {}, {QStringLiteral("DISPLAY=:0")});
        QCOMPARE(ran.code, 0);
        const auto json = parseJson(ran.out, "output");
        QVERIFY2(json && !(*json)["window"].get<bool>(), ran.out.c_str());
    }

    void versionIsOneLine() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran = runner.run({QStringLiteral("--version")});
        QCOMPARE(ran.code, 0);
        QVERIFY2(ran.out.starts_with("llamahome 0."), ran.out.c_str());
    }

    void everyCommandHasHelpWithAnExample() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        app::GlobalOptions options;
        QList<QStringList> commands;
        collect(app::programSpec(options), {}, commands);
        QVERIFY(commands.size() > 20);
        for (const QStringList& command : commands) {
            const ProgramResult ran = runner.run(command + QStringList{QStringLiteral("--help")});
            const QByteArray name = command.join(u' ').toUtf8();
            QVERIFY2(ran.code == 0, name.constData());
            QVERIFY2(contains(ran.out, "Example:\n  ") && contains(ran.out, "llamahome"), name.constData());
        }
    }

    void wrongUsageEndsWithTwoAndOneLine() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        for (const QStringList& words :
             QList<QStringList>{{QStringLiteral("trian")},
                                {QStringLiteral("train"), QStringLiteral("--epoch")},
                                {QStringLiteral("train")},
                                {QStringLiteral("completion"), QStringLiteral("tcsh")}}) {
            const ProgramResult ran = runner.run(words);
            QCOMPARE(ran.code, 2);
            QVERIFY2(ran.err.starts_with("llamahome: ") && ran.err.find('\n') == ran.err.size() - 1,
                     ran.err.c_str());
            QVERIFY(ran.out.empty());
        }
    }

    void errorsAreObjectsUnderJson() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran = runner.run({QStringLiteral("trian"), QStringLiteral("--json")});
        QCOMPARE(ran.code, 2);
        const auto json = parseJson(ran.out, "output");
        QVERIFY2(json, ran.out.c_str());
        QCOMPARE((*json)["error"]["code"].get<std::string>(), std::string("CLI-01"));
        QVERIFY(contains((*json)["error"]["message"].get<std::string>(), "nearest is 'train'"));
        QVERIFY((*json)["error"].contains("detail"));
    }

    void unknownModelNamesTheNearestAndEndsWithThree() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran =
            runner.run({QStringLiteral("verify"), QStringLiteral("llama"), QStringLiteral("3.3-7b")});
        QCOMPARE(ran.code, 3);
        QVERIFY2(contains(ran.err, "3.3-7b") && contains(ran.err, "3.3-70b") && contains(ran.err, "3.1-8b"),
                 ran.err.c_str());
    }

    void aModelFromTheEnvironmentThatDoesNotExistNamesTheVariable() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran =
            runner.run({QStringLiteral("chat")}, {},
                       {QStringLiteral("LLAMA_MODEL=llama3.3"), QStringLiteral("LLAMA_MODEL_SIZE=13b")});
        QVERIFY2(ran.code == 2 || ran.code == 3, ran.err.c_str());
        QVERIFY2(contains(ran.err, "LLAMA_MODEL_SIZE") && contains(ran.err, "13b") &&
                     contains(ran.err, "70b"),
                 ran.err.c_str());
    }

    void allWrongSettingsAreListedAtOnce() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran =
            runner.run({QStringLiteral("config"), QStringLiteral("show"), QStringLiteral("--set"),
                        QStringLiteral("training.lora.r=0"), QStringLiteral("--set"),
                        QStringLiteral("training.learning_rate=fast"), QStringLiteral("--set"),
                        QStringLiteral("training.epochs=3")});
        QCOMPARE(ran.code, 2);
        for (const char* part :
             {"training.lora.r", "training.learning_rate", "training.epochs", "num_epochs"})
            QVERIFY2(contains(ran.err, part), ran.err.c_str());
    }

    void settingsOfOptionsAndSetAreTheSame() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran =
            runner.run({QStringLiteral("config"), QStringLiteral("show"), QStringLiteral("--json"),
                        QStringLiteral("--set"), QStringLiteral("training.lora.r=16")});
        QCOMPARE(ran.code, 0);
        const auto json = parseJson(ran.out, "output");
        QVERIFY(json);
        bool found = false;
        for (const Json& setting : (*json)["settings"]) {
            if (setting["key"] != "training.lora.r") continue;
            found = setting["value"] == 16 && setting["origin"] == "--set";
        }
        QVERIFY(found);
    }

    void configEditWritesAValueThatConfigShowReads() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult edited = runner.run(
            {QStringLiteral("config"), QStringLiteral("edit"), QStringLiteral("training.num_epochs=7")});
        QVERIFY2(edited.code == 0, edited.err.c_str());
        const ProgramResult shown = runner.run(
            {QStringLiteral("config"), QStringLiteral("show"), QStringLiteral("training.num_epochs")});
        QVERIFY2(shown.code == 0 && contains(shown.out, "7") && contains(shown.out, "training_config.yaml"),
                 shown.out.c_str());
        const ProgramResult refused =
            runner.run({QStringLiteral("config"), QStringLiteral("edit"), QStringLiteral("training.seed=1"),
                        QStringLiteral("training.num_epochs=-7")});
        QCOMPARE(refused.code, 2);
        const ProgramResult kept =
            runner.run({QStringLiteral("config"), QStringLiteral("show"), QStringLiteral("training.seed")});
        QVERIFY2(contains(kept.out, "42"), kept.out.c_str());
    }

    void everyListIsPureJson_data() {
        QTest::addColumn<QStringList>("words");
        QTest::newRow("models") << QStringList{QStringLiteral("models")};
        QTest::newRow("runs") << QStringList{QStringLiteral("runs"), QStringLiteral("list")};
        QTest::newRow("config") << QStringList{QStringLiteral("config"), QStringLiteral("show")};
        QTest::newRow("check") << QStringList{QStringLiteral("config"), QStringLiteral("check")};
        QTest::newRow("version") << QStringList{QStringLiteral("--version")};
        QTest::newRow("none") << QStringList{};
        QTest::newRow("no such run") << QStringList{QStringLiteral("runs"), QStringLiteral("show"),
                                                    QStringLiteral("nowhere")};
        QTest::newRow("no such model")
            << QStringList{QStringLiteral("verify"), QStringLiteral("nobody/nothing")};
    }

    void everyListIsPureJson() {
        QFETCH(QStringList, words);
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        for (const QStringList& variables :
             {QStringList{}, QStringList{QStringLiteral("LC_ALL=de_DE.UTF-8")}}) {
            const ProgramResult ran =
                runner.run(words + QStringList{QStringLiteral("--json")}, {}, variables);
            const auto json = parseJson(ran.out, "output");
            QVERIFY2(json, (ran.out + ran.err).c_str());
        }
    }

    void aMissingRunEndsWithThree() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        for (const char* command : {"show", "remove"}) {
            const ProgramResult ran = runner.run({QStringLiteral("runs"), QString::fromUtf8(command),
                                                  QStringLiteral("nowhere"), QStringLiteral("--yes")});
            QVERIFY2(ran.code == 3 || (ran.code == 2 && std::string(command) == "show"), ran.err.c_str());
        }
        const ProgramResult resumed = runner.run({QStringLiteral("resume"), QStringLiteral("nowhere")});
        QCOMPARE(resumed.code, 3);
        QVERIFY2(contains(resumed.err, "nowhere"), resumed.err.c_str());
    }

    void missingFilesEndWithThreeAndTheirName() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult imported =
            runner.run({QStringLiteral("import"), QStringLiteral("nowhere.gguf"), QStringLiteral("--as"),
                        QStringLiteral("smollm2"), QStringLiteral("135m-instruct")});
        QCOMPARE(imported.code, 3);
        QVERIFY2(contains(imported.err, "nowhere.gguf"), imported.err.c_str());
        const ProgramResult configured =
            runner.run({QStringLiteral("config"), QStringLiteral("show"), QStringLiteral("--config"),
                        QStringLiteral("nowhere.yaml")});
        QVERIFY2(configured.code == 3 && contains(configured.err, "nowhere.yaml"), configured.err.c_str());
    }

    void aRootThatAnotherProcessHoldsEndsWithFive() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        const auto lock = jobs::RootLock::acquire(jobs::DataRoot{runner.root()});
        QVERIFY(lock);
        const ProgramResult ran = runner.run(importWords(runner));
        QCOMPARE(ran.code, 5);
        QVERIFY2(contains(ran.err, runner.root().string()), ran.err.c_str());
    }

    void aModelIsImportedListedVerifiedTokenizedAndRemoved() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        const ProgramResult imported = runner.run(importWords(runner));
        QVERIFY2(imported.code == 0, imported.err.c_str());
        QVERIFY2(contains(imported.out, "llamahome chat smollm2 135m-instruct"), imported.out.c_str());

        const auto models =
            parseJson(runner.run({QStringLiteral("models"), QStringLiteral("--json")}).out, "models");
        QVERIFY(models && models->is_array());
        const auto isInstalled = [](const Json& entry) {
            return entry["name"] == "smollm2/135m-instruct" && entry["state"] == "verified";
        };
        QVERIFY(std::any_of(models->begin(), models->end(), isInstalled));

        const QStringList model{QStringLiteral("smollm2"), QStringLiteral("135m-instruct")};
        const ProgramResult verified =
            runner.run(QStringList{QStringLiteral("verify"), QStringLiteral("--deep")} + model);
        QVERIFY2(verified.code == 0, (verified.out + verified.err).c_str());

        // kFirstByte + 'a' and so on: every byte is a token of the tiny tokenizer.
        const ProgramResult lines = runner.run(
            QStringList{QStringLiteral("tokenize"), QStringLiteral("--lines")} + model, "ac\n\n<|im_end|>\n");
        QCOMPARE(lines.out, std::string("[100,102]\n[]\n[2]\n"));
        const ProgramResult chat = runner.run(
            QStringList{QStringLiteral("tokenize"), QStringLiteral("--chat"), QStringLiteral("--json")} +
                model,
            R"([{"role":"user","content":"hi"},{"role":"assistant","content":"yo"}])");
        const auto rendered = parseJson(chat.out, "chat");
        QVERIFY2(rendered, (chat.out + chat.err).c_str());
        QCOMPARE((*rendered)["token_ids"].size(), (*rendered)["supervised"].size());
        QVERIFY(contains((*rendered)["text"].get<std::string>(), "<|im_start|>assistant\nyo<|im_end|>"));

        const ProgramResult unanswered = runner.run(QStringList{QStringLiteral("remove")} + model);
        QCOMPARE(unanswered.code, 2);
        const ProgramResult declined = runner.run(QStringList{QStringLiteral("remove")} + model, "n\n");
        QCOMPARE(declined.code, 4);
        const ProgramResult removed = runner.run(QStringList{QStringLiteral("remove")} + model, "y\n");
        QVERIFY2(removed.code == 0, removed.err.c_str());
        QVERIFY(!std::filesystem::exists(runner.root() / "data/models/smollm2/135m-instruct"));
        QCOMPARE(runner.run(QStringList{QStringLiteral("tokenize")} + model, "x").code, 3);
    }

    void whatARemovalLeavesIsNamedAndWhyTheNameIsTaken() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        const auto folder = runner.root() / "data/models/smollm2/135m-instruct";
        QVERIFY(writeFileAtomically(systemFiles(), folder / "notes.txt", "mine"));
        const QStringList remove{QStringLiteral("remove"), QStringLiteral("smollm2"),
                                 QStringLiteral("135m-instruct"), QStringLiteral("--yes")};
        const ProgramResult removed = runner.run(remove);
        QCOMPARE(removed.code, 0);
        QVERIFY2(contains(removed.out, folder.string()) && contains(removed.out, "notes.txt") &&
                     contains(removed.out, "free again once that folder is moved away"),
                 removed.out.c_str());
        const ProgramResult refused = runner.run(importWords(runner));
        QCOMPARE(refused.code, 5);
        QVERIFY2(contains(refused.err, folder.string()) && contains(refused.err, "notes.txt"),
                 refused.err.c_str());
    }

    void aModelWithADamagedManifestIsRemovedWithForce() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        const auto folder = runner.root() / "data/models/smollm2/135m-instruct";
        QVERIFY(writeFileAtomically(systemFiles(), folder / "llamahome.json", "{}"));
        const QStringList remove{QStringLiteral("--json"), QStringLiteral("remove"),
                                 QStringLiteral("smollm2"), QStringLiteral("135m-instruct"),
                                 QStringLiteral("--yes")};
        const ProgramResult refused = runner.run(remove);
        QCOMPARE(refused.code, 5);
        QVERIFY2(contains(refused.err, "--force") && contains(refused.err, folder.string()),
                 refused.err.c_str());
        const ProgramResult removed = runner.run(remove + QStringList{QStringLiteral("--force")});
        QVERIFY2(removed.code == 0, removed.err.c_str());
        QVERIFY(!std::filesystem::exists(folder));
        QCOMPARE(runner.run(importWords(runner)).code, 0);
    }

    // A log of a job on tiny files holds no line of progress.
    void tinyWorkPrintsNoProgressWhereNobodyWatches() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        const ProgramResult imported = runner.run(importWords(runner));
        QCOMPARE(imported.code, 0);
        QCOMPARE(imported.err, std::string());
    }

    void aDeviceThatIsNotThereIsRefusedByName() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        const ProgramResult ran =
            runner.run({QStringLiteral("generate"), QStringLiteral("smollm2"), QStringLiteral("--prompt"),
                        QStringLiteral("x"), QStringLiteral("--device"), QStringLiteral("cuda")});
        QCOMPARE(ran.code, 5);
        QVERIFY2(contains(ran.err, "cuda") && contains(ran.err, "--device"), ran.err.c_str());
    }

    void aFamilyAloneRemovesNothing() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        const ProgramResult ran =
            runner.run({QStringLiteral("remove"), QStringLiteral("smollm2"), QStringLiteral("--yes")});
        QCOMPARE(ran.code, 2);
        QVERIFY2(contains(ran.err, "llamahome remove smollm2 135m-instruct"), ran.err.c_str());
        QVERIFY(std::filesystem::exists(runner.root() / "data/models/smollm2/135m-instruct/llamahome.json"));
    }

    void theOnlyInstalledModelIsUsedAndTold() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        const ProgramResult ran = runner.run({QStringLiteral("tokenize"), QStringLiteral("--lines")}, "ac\n");
        QVERIFY2(ran.code == 0 && ran.out == "[100,102]\n", ran.err.c_str());
        QCOMPARE(ran.err, std::string("Model: smollm2/135m-instruct, the only one installed\n"));
    }

    void doctorFailsOnAWrongSettingsFileAndGoesOn() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran = runner.run({QStringLiteral("doctor"), QStringLiteral("--quick"),
                                              QStringLiteral("--set"), QStringLiteral("training.lora.r=0")});
        QCOMPARE(ran.code, 1);
        QVERIFY2(contains(ran.out, "processor") && contains(ran.out, "training.lora.r"), ran.out.c_str());
        QVERIFY2(contains(ran.err, "would stop a run"), ran.err.c_str());
    }

    void aDryRunRefusesWhatTheRunWouldRefuse() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        QVERIFY(writeFileAtomically(systemFiles(), runner.home() / "rows.jsonl",
                                    "{\"question\":\"a\",\"answer\":\"b\"}\n"));
        std::filesystem::create_directories(runner.root() / "data/training/checkpoints/taken");
        const QStringList words{QStringLiteral("train"),         QStringLiteral("smollm2"),
                                QStringLiteral("135m-instruct"), QStringLiteral("--data"),
                                QStringLiteral("rows.jsonl"),    QStringLiteral("--dry-run")};
        const auto codeWith = [&](const char* option, const char* value) {
            return runner.run(words + QStringList{QString::fromUtf8(option), QString::fromUtf8(value)}).code;
        };
        QCOMPARE(codeWith("--device", "cuda"), 5);
        QCOMPARE(codeWith("--name", "a/b"), 2);
        QCOMPARE(codeWith("--name", "taken"), 5);
    }

    void aDataFileIsNoModelToImport() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        QVERIFY(writeFileAtomically(systemFiles(), runner.home() / "rows.jsonl", "{\"text\":\"a\"}\n"));
        const ProgramResult ran = runner.run({QStringLiteral("import"), QStringLiteral("rows.jsonl")});
        QCOMPARE(ran.code, 1);
        QVERIFY2(contains(ran.err, "not a model file") && contains(ran.err, "--data"), ran.err.c_str());
    }

    void dataOfWhichNothingCanBeUsedNamesTheWayOut() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        QVERIFY(writeFileAtomically(systemFiles(), runner.home() / "t.csv", "frage,antwort\na,b\nc,d\n"));
        const ProgramResult table = runner.run({QStringLiteral("data"), QStringLiteral("t.csv")});
        QCOMPARE(table.code, 1);
        QVERIFY2(contains(table.err, "--map instruction=COLUMN,output=COLUMN") &&
                     contains(table.err, "frage,antwort") && !contains(table.err, "--skip-bad-rows"),
                 table.err.c_str());
        QVERIFY(writeFileAtomically(systemFiles(), runner.home() / "rows.jsonl",
                                    "{\"question\":\"" + std::string(200, 'a') + "\",\"answer\":\"b\"}\n"));
        const ProgramResult cut = runner.run({QStringLiteral("data"), QStringLiteral("rows.jsonl"),
                                              QStringLiteral("--max-length"), QStringLiteral("20")});
        QCOMPARE(cut.code, 1);
        QVERIFY2(contains(cut.err, "1 row with nothing to learn") && contains(cut.err, "--max-length"),
                 (cut.out + cut.err).c_str());
    }

    void anOptionWithoutItsValueSaysSoInWords() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran =
            runner.run({QStringLiteral("data"), QStringLiteral("x.jsonl"), QStringLiteral("--model")});
        QCOMPARE(ran.code, 2);
        QVERIFY2(contains(ran.err, "data: --model: found no value"), ran.err.c_str());
    }

    void withoutAdaptersTheirListSaysSo() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran = runner.run({QStringLiteral("models"), QStringLiteral("finetuned")});
        QVERIFY2(ran.code == 0 && contains(ran.out, "No adapters yet"), ran.out.c_str());
    }

    void aDamagedModelFailsVerificationInOneDocument() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        const auto weights = runner.root() / "data/models/smollm2/135m-instruct/model.safetensors";
        std::filesystem::resize_file(weights, std::filesystem::file_size(weights) - 1);
        const ProgramResult ran =
            runner.run({QStringLiteral("--json"), QStringLiteral("verify"), QStringLiteral("smollm2")});
        QCOMPARE(ran.code, 1);
        const auto report = parseJson(ran.out, "verify");
        QVERIFY2(report, ran.out.c_str());
        QVERIFY(!(*report)["ok"].get<bool>());
        QVERIFY(contains((*report)["error"]["message"].get<std::string>(), "model.safetensors"));
        QVERIFY(contains((*report)["checks"][0]["repair"].get<std::string>(),
                         "llamahome import PATH --as smollm2 135m-instruct --replace"));
    }

    void theFolderOfAnAdapterIsVerified() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran =
            runner.run({QStringLiteral("verify"), QStringLiteral("--json"),
                        QStringLiteral(LLAMAHOME_TEST_DATA "/parity/adapters/patterns")});
        QVERIFY2(ran.code == 0, ran.err.c_str());
        const auto report = parseJson(ran.out, "verify");
        QVERIFY(report && (*report)["checks"][1]["name"] == "adapter");
        QVERIFY((*report)["checks"][2]["status"] == "not checked"); // its base is not installed
    }

    void aListOfFilesThatIsOutOfDateIsRepaired() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        const auto licence = runner.root() / "data/models/smollm2/135m-instruct/LICENSE";
        QVERIFY(writeFileAtomically(systemFiles(), licence, "other terms"));
        const ProgramResult damaged = runner.run({QStringLiteral("verify"), QStringLiteral("smollm2")});
        QCOMPARE(damaged.code, 1);
        QVERIFY(contains(damaged.out, "To repair files: llamahome verify smollm2 135m-instruct --repair"));
        const QStringList words{QStringLiteral("verify"), QStringLiteral("smollm2"),
                                QStringLiteral("--deep")};
        const ProgramResult repaired = runner.run(words + QStringList{QStringLiteral("--repair")});
        QVERIFY2(repaired.code == 0, (repaired.out + repaired.err).c_str());
        QCOMPARE(runner.run(words).code, 0);
    }

    void dataIsInspectedBeforeTraining() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        writeTinyModel(runner.home() / "tiny");
        QCOMPARE(runner.run(importWords(runner)).code, 0);
        QVERIFY(writeFileAtomically(systemFiles(), runner.home() / "rows.jsonl",
                                    "{\"question\":\"a\",\"answer\":\"b\"}\n{\"question\":\"a\"\n"));
        const QStringList words{QStringLiteral("data"), QStringLiteral("rows.jsonl"),
                                QStringLiteral("--model"), QStringLiteral("smollm2"),
                                QStringLiteral("135m-instruct")};
        const ProgramResult text = runner.run(words);
        QCOMPARE(text.code, 1);
        QVERIFY2(contains(text.out, "question and answer") && contains(text.out, "2"), text.out.c_str());
        const auto json = parseJson(runner.run(words + QStringList{QStringLiteral("--json")}).out, "data");
        QVERIFY(json);
        QCOMPARE((*json)["rows"].get<int>(), 1);
        QCOMPARE((*json)["bad_rows"].get<int>(), 1);
        const ProgramResult missing = runner.run({QStringLiteral("data"), QStringLiteral("nowhere.jsonl"),
                                                  QStringLiteral("--model"), QStringLiteral("smollm2")});
        QCOMPARE(missing.code, 3);
    }

    void completionScriptsAreSyntacticallyRight() {
        const ProgramRunner runner{QStringLiteral(LLAMAHOME_BINARY)};
        const ProgramResult ran = runner.run({QStringLiteral("completion"), QStringLiteral("bash")});
        QCOMPARE(ran.code, 0);
        QVERIFY(writeFileAtomically(systemFiles(), runner.home() / "script", ran.out));
        const QString script = QString::fromStdString((runner.home() / "script").string());
        QCOMPARE(QProcess::execute(QStringLiteral("bash"), {QStringLiteral("-n"), script}), 0);
        QProcess complete;
        complete.start(
            QStringLiteral("bash"),
            {QStringLiteral("-c"),
             QStringLiteral("source '%1'; COMP_WORDS=(llamahome train --lr-schedule c); COMP_CWORD=3; "
                            "_llamahome; echo \"${COMPREPLY[*]}\"; COMP_WORDS=(llamahome runs s); "
                            "COMP_CWORD=2; _llamahome; echo \"${COMPREPLY[*]}\"")
                 .arg(script)});
        QVERIFY(complete.waitForFinished());
        QCOMPARE(complete.readAllStandardOutput(), QByteArray("constant cosine\nshow\n"));
        for (const char* shell : {"zsh", "fish"}) {
            const QString name = QString::fromUtf8(shell);
            const ProgramResult made = runner.run({QStringLiteral("completion"), name});
            QCOMPARE(made.code, 0);
            if (QStandardPaths::findExecutable(name).isEmpty()) continue;
            QVERIFY(writeFileAtomically(systemFiles(), runner.home() / "script", made.out));
            QCOMPARE(QProcess::execute(name, {QStringLiteral("-n"), script}), 0);
        }
    }
};

QTEST_GUILESS_MAIN(TestProgram)
#include "test_program.moc"
