// The whole way in the real window with the real engine: first start, import or download, verify, train,
// pause, go on, stop, talk, runs, remove; by mouse, by keyboard alone, and once with the starter model on
// real data.
//
// The starter model needs LLAMAHOME_TEST_STARTER_GGUF (packaging/fetch_starter_model.sh --gguf prints it).
// With LLAMAHOME_TEST_PICTURES=FOLDER that one leaves the pictures of docs/manual there.
#include <fstream>

#include <QComboBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QTreeWidget>

#include "core/blocking.h"
#include "managers/text.h"
#include "support/hub_server.h"
#include "support/test_authority.h"
#include "support/window_way.h"
#include "widgets/charts/metric_chart.h"
#include "widgets/model_details.h"

using namespace llamahome;
using namespace llamahome::testing;
using managers::pathToQt;
using managers::TrainingState;
using widgets::Place;
namespace fs = std::filesystem;

namespace {

constexpr const char* kStarterId = "HuggingFaceTB/SmolLM2-135M-Instruct";
const QString kStarter = QStringLiteral("smollm2/135m-instruct");
const QString kTiny = QStringLiteral("local/tiny");

void set(WindowWay& way, const char* key, const char* value) {
    const auto problem =
        way.session().training.setup().setSetting(QString::fromLatin1(key), QString::fromLatin1(value));
    QVERIFY2(!problem, key);
}

/// A run that goes on until it is stopped, with an evaluation and a checkpoint now and then.
void chooseLongRun(WindowWay& way) {
    set(way, "training.max_steps", "100000");
    set(way, "training.evaluation.every_steps", "20");
    set(way, "training.early_stopping.enabled", "false");
    set(way, "training.batch_size", "2");
    set(way, "training.gradient_accumulation", "1");
}

void awaitPoints(const WindowWay& way, int least) {
    const auto& chart = way.shown<widgets::MetricChart>("lossChart");
    way.await(
        "points in the chart", [&] { return chart.drawnPoints(0) >= least; }, WindowWay::kWorkMs);
}

/// The Hub with the starter model by name, whose weights stop halfway until its fault is lifted; a window
/// that trusts it.
void prepareHub(WindowWay& way, HubServer& hub, const TestAuthority& authority) {
    const MayBlock here;
    ManagerGround& ground = way.ground().ground;
    hub.addFolder(kStarterId, ground.source());
    hub.fault = [&hub](const ServedRequest& asked) -> std::optional<ServedAnswer> {
        if (asked.target.find(HubServer::kSignature) == std::string::npos) return std::nullopt;
        ServedAnswer answer{fileAnswer(asked, hub.models.at(kStarterId).files.at("model.safetensors"))};
        answer.bytes.resize(answer.bytes.size() / 2);
        answer.then = ServedAnswer::Then::Silence;
        return answer;
    };
    const fs::path bundle = ground.folder() / "authority.pem";
    std::ofstream(bundle) << authority.certificate();
    ground.variables["HF_ENDPOINT"] = hub.endpoint();
    ground.variables["SSL_CERT_FILE"] = bundle.string();
}

fs::path writeQuestions(const fs::path& folder) {
    const fs::path file = folder / "questions.jsonl";
    std::ofstream out(file);
    for (int i = 1; i <= 40; ++i)
        out << R"({"question":"What is )" << i << R"( and 1?","answer":"It is )" << i + 1 << "\"}\n";
    return file;
}

} // namespace

class TestWindowWay final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void byMouse() {
        WindowWay way(LLAMAHOME_ENGINE_FOLDER);
        QVERIFY(way.window().isFirstStartShown());
        way.ground().drop({pathToQt(way.ground().ground.source())});
        way.click("startImportButton");
        way.awaitModel(kTiny);
        QVERIFY(!way.window().isFirstStartShown());

        way.shown<widgets::ModelDetails>("modelDetails").menu()->actions().at(0)->trigger();
        const auto& outcome = way.shown<QLabel>("outcome");
        way.await("the verdict", [&] { return outcome.text().contains(QStringLiteral("whole")); });
        way.click("closeButton");

        way.click("trainButton");
        QCOMPARE(way.window().place(), Place::Training);
        way.ground().drop({pathToQt(writeQuestions(way.ground().ground.folder()))});
        chooseLongRun(way);
        way.awaitTraining(TrainingState::Ready);
        way.click("startButton");
        way.awaitTraining(TrainingState::Running);
        awaitPoints(way, 5);
        way.click("pauseButton");
        way.awaitTraining(TrainingState::Paused);
        const auto step = way.session().training.lastPoint()->step;
        way.click("resumeButton");
        way.awaitTraining(TrainingState::Running);
        way.await("steps after the pause",
                  [&] { return way.session().training.lastPoint()->step > step + 5; });
        way.click("stopButton");
        way.click("stopKeepLast");
        way.awaitTraining(TrainingState::Done);

        way.click("resultChat");
        QCOMPARE(way.window().place(), Place::Chat);
        QVERIFY(!way.session().chat.current().adapter.empty());
        QSignalSpy pieces(&way.session().chat, &managers::ChatManager::answerGrew);
        way.type("chatInput", QStringLiteral("What is 7 and 1?"));
        way.click("sendButton");
        QVERIFY(!way.awaitAnswer().isEmpty());
        QVERIFY(!pieces.isEmpty());

        way.click("place4");
        QCOMPARE(way.window().place(), Place::Runs);
        auto& runs = way.shown<QTableView>("runTable");
        way.await("the run in the list", [&] { return runs.model()->rowCount() == 1; });
        runs.selectRow(0);
        way.click("removeButton");
        way.click("deleteButton");
        way.await("an empty list", [&] { return runs.model()->rowCount() == 0; });
        way.click("place0");
        way.tabTo("modelList");
        way.press(Qt::Key_Delete);
        way.click("deleteButton");
        way.await("the end of the model", [&] { return !way.session().models.find(kTiny); });
        QVERIFY(!fs::exists(way.ground().ground.root() / "data/models/local/tiny"));
    }

    void byKeyboardAlone() {
        WindowWay way(LLAMAHOME_ENGINE_FOLDER);
        way.tabTo("firstImport");
        way.press(Qt::Key_Space);
        way.tabTo("pathEdit");
        way.type("pathEdit", pathToQt(way.ground().ground.source()));
        way.tabTo("startImportButton");
        way.press(Qt::Key_Space);
        way.awaitModel(kTiny);

        way.tabTo("trainButton");
        way.press(Qt::Key_Space);
        QCOMPARE(way.window().place(), Place::Training);
        way.await("the samples", [&] { return !way.session().training.setup().samples().isEmpty(); });
        way.tabTo("dataChooser");
        way.press(Qt::Key_Down);
        chooseLongRun(way);
        way.awaitTraining(TrainingState::Ready);
        way.tabTo("startButton");
        way.press(Qt::Key_Space);
        way.awaitTraining(TrainingState::Running);
        awaitPoints(way, 3);
        way.tabTo("pauseButton");
        way.press(Qt::Key_Space);
        way.awaitTraining(TrainingState::Paused);
        way.tabTo("stopButton");
        way.press(Qt::Key_Space);
        way.awaitTraining(TrainingState::Done);

        way.tabTo("resultChat");
        way.press(Qt::Key_Space);
        way.tabTo("chatInput");
        way.type("chatInput", QStringLiteral("Hello"));
        way.press(Qt::Key_Return);
        QVERIFY(!way.awaitAnswer().isEmpty());

        way.press(Qt::Key_5, Qt::ControlModifier);
        const auto& runs = way.shown<QTableView>("runTable");
        way.await("the run in the list", [&] { return runs.model()->rowCount() == 1; });
        way.tabTo("runTable");
        way.press(Qt::Key_Home);
        way.press(Qt::Key_Delete);
        way.tabTo("deleteButton");
        way.press(Qt::Key_Space);
        way.await("an empty list", [&] { return runs.model()->rowCount() == 0; });
    }

    void fromTheHubToAnAdapterByKeyboard() {
        const TestAuthority authority;
        HubServer hub(authority.identity());
        WindowWay way(LLAMAHOME_ENGINE_FOLDER);
        way.ground().close();
        prepareHub(way, hub, authority);
        way.ground().open();
        way.tabTo("firstDownload");
        way.press(Qt::Key_Space);
        way.await("the files", [&] { return way.shown<QTreeWidget>("offerFiles").topLevelItemCount() > 3; });
        way.picture("get_model");
        way.tabTo("startDownloadButton");
        way.press(Qt::Key_Space);
        QCOMPARE(way.window().place(), Place::Downloads);
        const auto& items = way.session().downloads.items();
        way.await("half of it", [&] {
            return items.front().totalBytes > 0 && items.front().doneBytes > items.front().totalBytes / 3;
        });
        way.picture("downloads");
        way.tabTo("downloadList");
        way.press(Qt::Key_Space);
        way.await("the pause", [&] { return items.front().state == managers::DownloadState::Paused; });
        hub.fault = {};
        way.tabTo("pauseDownload");
        way.press(Qt::Key_Space);
        way.awaitModel(kStarter);

        way.press(Qt::Key_1, Qt::ControlModifier);
        way.tabTo("trainButton");
        way.press(Qt::Key_Space);
        way.await("the samples", [&] { return !way.session().training.setup().samples().isEmpty(); });
        way.tabTo("dataChooser");
        way.press(Qt::Key_Down);
        set(way, "training.max_steps", "3");
        set(way, "training.early_stopping.enabled", "false");
        way.awaitTraining(TrainingState::Ready);
        way.tabTo("startButton");
        way.press(Qt::Key_Space);
        way.awaitTraining(TrainingState::Done);
        QVERIFY(way.session().training.summary()->best);
    }

    void theStarterModelOnRealData() {
        const QString gguf = qEnvironmentVariable("LLAMAHOME_TEST_STARTER_GGUF");
        if (gguf.isEmpty())
            QSKIP(
                "LLAMAHOME_TEST_STARTER_GGUF is not set; packaging/fetch_starter_model.sh --gguf prints it");
        WindowWay way(LLAMAHOME_ENGINE_FOLDER);
        way.picture("first_start");
        way.ground().drop({gguf});
        auto& version = way.shown<QLineEdit>("versionEdit");
        way.await("the file is looked at", [&] { return way.shownWidget("startImportButton").isEnabled(); });
        way.shown<QComboBox>("familyBox").setCurrentText(QStringLiteral("smollm2"));
        version.selectAll();
        way.type("versionEdit", QStringLiteral("135m-instruct"));
        way.click("startImportButton");
        way.await(
            "a model", [&] { return way.session().models.hasUsableModel(); }, WindowWay::kWorkMs);
        way.picture("models");

        way.click("trainButton");
        way.await("the samples", [&] { return !way.session().training.setup().samples().isEmpty(); });
        way.click("useSample");
        way.session().training.setup().choosePreset(QStringLiteral("quick_look"));
        set(way, "training.max_steps", "10");
        set(way, "training.evaluation.every_steps", "5");
        way.awaitTraining(TrainingState::Ready);
        way.picture("training_ready");
        way.click("startButton");
        way.awaitTraining(TrainingState::Running);
        way.await(
            "some steps",
            [&] {
                return way.session().training.lastPoint().has_value() &&
                       way.session().training.lastPoint()->step >= 7;
            },
            WindowWay::kWorkMs);
        way.picture("training_running");
        way.awaitTraining(TrainingState::Done);
        way.picture("training_done");
        const auto& summary = way.session().training.summary();
        QVERIFY(summary && summary->best && summary->firstEvalLoss);
        QVERIFY(summary->best->evalLoss < 0.95 * *summary->firstEvalLoss);

        way.click("resultChat");
        way.tabTo("chatInput");
        way.type("chatInput", QStringLiteral("A box holds 12 pens. How many pens are in 3 boxes?"));
        way.press(Qt::Key_Return);
        QVERIFY(!way.awaitAnswer().isEmpty());
        way.picture("chat");
        way.press(Qt::Key_5, Qt::ControlModifier);
        const auto& runs = way.shown<QTableView>("runTable");
        way.await("the run in the list", [&] { return runs.model()->rowCount() == 1; });
        way.picture("runs");
        way.press(Qt::Key_Comma, Qt::ControlModifier);
        way.picture("settings");
    }
};

QTEST_MAIN(TestWindowWay)
#include "test_window_way.moc"
