#include <algorithm>
#include <cmath>
#include <set>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/memory_estimate.h"
#include "jobs/system/bench.h"
#include "jobs/system/doctor.h"
#include "support/fault_file_layer.h"
#include "support/tiny_model.h"
#include "support/training_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const Finding& findingOf(const std::vector<Finding>& findings, std::string_view name) {
    const auto found =
        std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.name == name; });
    if (found == findings.end()) qFatal("no finding '%s'", std::string(name).c_str());
    return *found;
}

MachineFacts goodMachine() {
    MachineFacts machine;
    machine.cpu.name = "Some CPU";
    machine.cpu.cores = 2;
    machine.cpu.avx2 = true;
    machine.cpu.fma = true;
    machine.cpu.avx512 = true;
    machine.cpu.avx512Bf16 = true;
    machine.memory = {16ULL << 30, 12ULL << 30};
    return machine;
}

DoctorRequest requestIn(const TemporaryFolder& folder) {
    DoctorRequest request{{folder / "root"}, goodMachine(), {}, 2U << 20};
    request.openEngine = []() -> Result<engine::EngineInfo> { return FakeEngine().info(); };
    return request;
}

BenchOptions smallBench() {
    BenchOptions options;
    options.shape = tinyConfig();
    options.length = 16;
    options.promptTokens = 8;
    options.newTokens = 4;
    return options;
}

} // namespace

class TestMachineJobs final : public QObject {
    Q_OBJECT

private:
    FixedClock m_clock;

private Q_SLOTS:
    void aGoodMachineHasNothingToAdvise() {
        const TemporaryFolder folder;
        const auto findings = examineMachine(requestIn(folder), systemFiles(), m_clock);
        for (const Finding& finding : findings) {
            if (finding.name == "disk space") continue; // that of the machine which tests
            QVERIFY2(finding.status == FindingStatus::Ok, (finding.name + ": " + finding.value).c_str());
            QVERIFY2(finding.advice.empty(), finding.advice.c_str());
        }
        for (const char* name : {"processor", "memory", "libtorch", "graphics card", "models folder",
                                 "runs folder", "disk space", "disk speed"})
            QVERIFY(!findingOf(findings, name).value.empty());
    }

    void theTestOfTheDiskLeavesNothing() {
        const TemporaryFolder folder;
        (void)examineMachine(requestIn(folder), systemFiles(), m_clock);
        for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
            QVERIFY2(entry.is_directory(), entry.path().c_str());
    }

    void whatWouldStopARunIsAProblemWithAdvice() {
        const TemporaryFolder folder;
        DoctorRequest request = requestIn(folder);
        request.machine->cpu.avx2 = false;
        request.openEngine = []() -> Result<engine::EngineInfo> {
            return Error{codes::kEngineMissing, "the engine: found no library"};
        };
        const auto findings = examineMachine(request, systemFiles(), m_clock);
        for (const char* name : {"processor", "libtorch"}) {
            QVERIFY(findingOf(findings, name).status == FindingStatus::Problem);
            QVERIFY(!findingOf(findings, name).advice.empty());
        }
        QVERIFY(contains(findingOf(findings, "libtorch").value, "found no library"));
    }

    void aFolderThatCannotBeWrittenIsAProblemThatNamesIt() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "root", "a file"));
        const auto findings = examineMachine(requestIn(folder), systemFiles(), m_clock);
        const Finding& models = findingOf(findings, "models folder");
        QVERIFY(models.status == FindingStatus::Problem);
        QVERIFY2(contains(models.value, displayPath(folder / "root")), models.value.c_str());
        QVERIFY(findingOf(findings, "disk speed").status == FindingStatus::Warning);
    }

    void everyFaultOfTheDiskIsAFinding() {
        const TemporaryFolder probe;
        FaultFileLayer counter;
        (void)examineMachine(requestIn(probe), counter, m_clock);
        for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
            const TemporaryFolder folder;
            FaultFileLayer files(k, Fault::DiskFull);
            QCOMPARE(examineMachine(requestIn(folder), files, m_clock).size(), std::size_t{8});
        }
    }

    void weakMachinesAreWarnedAbout() {
        const TemporaryFolder folder;
        DoctorRequest request = requestIn(folder);
        request.machine->cpu.avx512Bf16 = false;
        request.machine->memory = {2ULL << 30, 1ULL << 30};
        request.machine->nvidiaDriver = "570.86";
        request.machine->gpus = {"NVIDIA Card"};
        const auto findings = examineMachine(request, systemFiles(), m_clock);
        for (const char* name : {"processor", "memory", "graphics card"})
            QVERIFY2(findingOf(findings, name).status == FindingStatus::Warning, name);
        QVERIFY(contains(findingOf(findings, "graphics card").value, "NVIDIA Card, driver 570.86"));
    }

    void findingsAreJsonWithFourKeys() {
        const Json json = findingsJson({{"memory", "16 GB", FindingStatus::Warning, "close programs"}});
        QCOMPARE(writeJsonLine(json), std::string(R"([{"name":"memory","value":"16 GB","status":"warning",)"
                                                  R"("advice":"close programs"}])"));
    }

    void theReserveIsKeptAlsoWhereMemoryIsTight() {
        config::MemorySettings memory;
        memory.reserve_mib = 1024;
        const auto usable = [&](std::uint64_t mib) {
            return usableMemory(memory, MemoryState{std::uint64_t{8} << 30, mib << 20});
        };
        QCOMPARE(usable(3000), std::uint64_t{3000 - 1024} << 20);
        QCOMPARE(usable(1000), std::uint64_t{1});
        QCOMPARE(usable(0), std::uint64_t{0}); // not known
        memory.limit_mib = 5;
        QCOMPARE(usable(1000), std::uint64_t{5} << 20);
    }

    void theShapeIsSmolLm2s() {
        const formats::ModelConfig shape = benchShape();
        QCOMPARE(shape.parameterCount(), std::uint64_t{134'515'008});
    }

    // 2 · N_lin forward and as much for the input's gradient, and the head likewise.
    void theProductsOfAStepAreCountedOnce() {
        const formats::ModelConfig shape = benchShape();
        double flops = 0.0;
        for (const StepProduct& product : stepProducts(shape, 1))
            flops += 2.0 * static_cast<double>(product.m * product.k * product.n * product.count);
        const double attention = 576.0 * (576 + 192 + 192 + 576);
        const double mlp = 3.0 * 576 * 1536;
        QCOMPARE(flops, 4.0 * (30.0 * (attention + mlp) + 576.0 * 49152));
        FakeEngine engine; // 100 GFLOP/s whatever the shape
        const auto bound = productBound(shape, 2048, engine, engine::Precision::Fp32);
        QVERIFY(bound);
        QVERIFY(std::abs(*bound - 100e9 / flops) < 1e-6 * *bound);
    }

    void benchTrainTimesItsStepsWithoutTheWarmUp() {
        FakeEngine engine;
        BenchOptions options = smallBench();
        options.steps = 3;
        const auto results = benchTrain(engine, options, m_clock, {}, {});
        QVERIFY2(results, results ? "" : results.error().message.c_str());
        QCOMPARE(engine.history().trainedSteps.size(), std::size_t{4});
        const BenchResult& result = results->front();
        QCOMPARE(result.name, std::string("train"));
        QCOMPARE(*result.tokensPerSecond, 4 * 16 / 0.5);
        QCOMPARE(*result.boundShare, *result.tokensPerSecond / *result.boundTokensPerSecond);
        QVERIFY(*result.peakRssMib > 0.0);
        QCOMPARE(engine.history().settings.lora.target_modules.size(), std::size_t{7});
        QCOMPARE(engine.history().settings.lora.r, 8);
        const Json json = benchJson(engine.info(), *results);
        QVERIFY(json["machine"].contains("processor"));
        for (const char* key :
             {"name", "tokens_per_second", "bound_share", "peak_rss_mib", "seconds_to_first_step"})
            QVERIFY2(json["results"][0].contains(key), key);
        QVERIFY(!json["results"][0].contains("gflops"));
    }

    void benchInferTellsPrefillAndDecode() {
        FakeEngine engine;
        engine.script().answer = "abcdefgh";
        const auto results = benchInfer(engine, smallBench(), {}, {});
        QCOMPARE(results->size(), std::size_t{2});
        QCOMPARE(*results->at(0).tokensPerSecond, 8 / 0.5);
        QCOMPARE(*results->at(1).tokensPerSecond, 4 / 0.5);
    }

    void benchGemmMeasuresEveryShapeOnce() {
        FakeEngine engine;
        BenchOptions options;
        const auto results = benchGemm(engine, options, {}, {});
        QCOMPARE(results->size(), stepProducts(benchShape(), 2048).size());
        std::set<std::string> names;
        for (const BenchResult& result : *results)
            names.insert(result.name);
        QCOMPARE(names.size(), results->size());
        QVERIFY(names.count("gemm 2048x576x1536") == 1);
    }

    void secondsToTheFirstStepCountFromTheStartOfTheProgram() {
        FakeEngine engine;
        FixedClock clock;
        clock.advance(7.5);
        BenchOptions options = smallBench();
        options.startSeconds = 2.0;
        const auto results = benchTrain(engine, options, clock, {}, {});
        QCOMPARE(*results->front().secondsToFirstStep, 5.5);
    }

    void benchLoadTellsTheDiskAndTheMemoryApart() {
        TrainingGround ground;
        std::set<std::string> dropped;
        BenchOptions options;
        options.dropFromCache = [&](const fs::path& file) -> Result<bool> {
            dropped.insert(file.filename().string());
            return true;
        };
        const auto results = benchLoad(ground.engine, ground.model, options, ground.clock, {}, {});
        QVERIFY(results);
        QCOMPARE(ground.engine.history().loads, 6);
        QCOMPARE(results->size(), std::size_t{2});
        QCOMPARE(results->at(0).name, std::string("load cold"));
        QCOMPARE(results->at(1).name, std::string("load warm"));
        for (const BenchResult& result : *results)
            QVERIFY(result.seconds && result.note.empty());
        for (const char* name : {"model.safetensors", "config.json", "tokenizer.json"})
            QVERIFY2(dropped.count(name) == 1, name);
    }

    void benchLoadSaysWhenTheDiskCannotBeMeasured() {
        TrainingGround ground;
        BenchOptions options;
        options.dropFromCache = [](const fs::path& file) -> Result<bool> {
            return file.filename() != "model.safetensors";
        };
        const auto results = benchLoad(ground.engine, ground.model, options, ground.clock, {}, {});
        QCOMPARE(ground.engine.history().loads, 3);
        QVERIFY(!results->at(0).seconds && results->at(1).seconds);
        QVERIFY2(contains(results->at(0).note, "model.safetensors"), results->at(0).note.c_str());
        const Json json = benchJson(ground.engine.info(), *results);
        QVERIFY(json["results"][0].contains("note") && !json["results"][0].contains("seconds"));
        QVERIFY(json["results"][1].contains("seconds") && !json["results"][1].contains("note"));
    }

    void benchmarksStopOnRequest() {
        FakeEngine engine;
        const CancelToken cancel;
        cancel.cancel();
        for (const auto& code : {benchTrain(engine, smallBench(), m_clock, cancel, {}).error().code,
                                 benchInfer(engine, smallBench(), cancel, {}).error().code,
                                 benchGemm(engine, smallBench(), cancel, {}).error().code})
            QVERIFY(code == codes::kCancelled);
    }
};

QTEST_GUILESS_MAIN(TestMachineJobs)
#include "test_machine_jobs.moc"
