#include <algorithm>

#include <QTest>

#include "core/error_codes.h"
#include "jobs/memory_estimate.h"
#include "jobs/system/doctor.h"
#include "support/fault_file_layer.h"
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
        request.machine->cpu.fma = false;
        request.machine->memory = {2ULL << 30, 1ULL << 30};
        request.machine->nvidiaDriver = "570.86";
        request.machine->gpus = {"NVIDIA Card"};
        const auto findings = examineMachine(request, systemFiles(), m_clock);
        QVERIFY(findingOf(findings, "processor").status == FindingStatus::Problem);
        for (const char* name : {"memory", "graphics card"})
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
};

QTEST_GUILESS_MAIN(TestMachineJobs)
#include "test_machine_jobs.moc"
