// The queue of training runs on the disk.
#include <QTest>

#include "core/json.h"
#include "jobs/train/run_queue.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

std::vector<QueuedRun> someRuns() {
    QueuedRun plain{"smollm2/135m-instruct", {"/data/recipes.jsonl"}};
    QueuedRun full{"llama/3.2-1b", {"/data/a b.jsonl", "/data/\u00e4.csv"}, "/data/held.jsonl", "style"};
    full.changes = {{"training.lora.r", "32"}, {"data.system", "You \"cook\".\nBriefly."}};
    full.runName = "cook-2";
    QueuedRun failed = plain;
    failed.code = "FILE-01";
    failed.message = "/data/recipes.jsonl: found no such file";
    return {plain, full, failed};
}

struct Place {
    TemporaryFolder folder;
    DataRoot root{folder / "root"};
    fs::path file = root.path / "data/training/queue.json";

    void write(std::string_view text) const {
        fs::create_directories(file.parent_path());
        if (!writeFileAtomically(systemFiles(), file, text)) qFatal("cannot write");
    }
};

} // namespace

class TestRunQueue final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsWrittenIsReadAgain() {
        const Place place;
        QVERIFY(readRunQueue(place.root).empty());
        QVERIFY(writeRunQueue(systemFiles(), place.root, someRuns()));
        QVERIFY(readRunQueue(place.root) == someRuns());
        QVERIFY(readJsonFile(place.file)->at("schema") == 1);
        QVERIFY(writeRunQueue(systemFiles(), place.root, {}));
        QVERIFY(!fs::exists(place.file));
        QVERIFY(writeRunQueue(systemFiles(), place.root, {}));
    }

    void theListOfBeforeStaysUntilTheNewOneIsWhole() {
        const Place place;
        const std::vector<QueuedRun> before = someRuns();
        const std::vector<QueuedRun> after{before.front()};
        for (std::uint64_t k = 1;; ++k) {
            QVERIFY(writeRunQueue(systemFiles(), place.root, before));
            FaultFileLayer layer(k, Fault::Short);
            const auto written = writeRunQueue(layer, place.root, after);
            const auto read = readRunQueue(place.root);
            QVERIFY(read == after || (!written && read == before));
            if (written && layer.calls() < k) break;
        }
    }

    void whatIsNoListStopsNobody() {
        const Place place;
        for (const char* text :
             {"", "[]", "{\"schema\":1}", "{\"schema\":2,\"runs\":[{\"model\":\"m\",\"data\":[\"d\"]}]}",
              "{\"schema\":1,\"runs\":{}}",
              "{\"schema\":1,\"runs\":[1,{\"model\":\"m\"},{\"data\":[\"d\"]}]}",
              "{\"schema\":1,\"runs\":[{\"model\":\"m\",\"data\":[7]}]}"}) {
            place.write(text);
            QVERIFY2(readRunQueue(place.root).empty(), text);
        }
        place.write(R"({"schema":1,"runs":[{"model":"m","data":["d"],"settings":{"a":1,"b":"2"}}]})");
        const auto read = readRunQueue(place.root);
        QCOMPARE(read.size(), std::size_t{1});
        QVERIFY((read.front().changes == std::vector<QueuedRun::Change>{{"b", "2"}}));
    }
};

QTEST_GUILESS_MAIN(TestRunQueue)
#include "test_run_queue.moc"
