// Every fault of the table and every file call, each followed by the invariants and by a recovery.
#include <QTest>

#include "core/error_codes.h"
#include "download/partial_file.h"
#include "fault_tally.h"
#include "network_fault_kinds.h"
#include "support/checked.h"
#include "support/fault_file_layer.h"
#include "support/killed.h"
#include "support/power_loss_files.h"
#include "support/test_authority.h"

using namespace llamahome;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

constexpr double kShortStallSeconds = 0.25;
constexpr std::uint32_t kSeeds = 3;
constexpr std::uint64_t kGoal = 1500;
constexpr std::uint64_t kMostBytesTwice = kGroundFlushBytes + kDirectBlockBytes;

using Findings = std::vector<std::string>;

void append(Findings& findings, const Findings& more, const char* when) {
    for (const std::string& finding : more)
        findings.push_back(finding + ", " + when);
}

bool concerns(const HubExchange& exchange, const NetworkFault& fault, FaultPhase phase) {
    switch (phase) {
    case FaultPhase::List:
        return exchange.path.empty();
    case FaultPhase::Small:
        return exchange.path == kSmallFile;
    default:
        return exchange.path == kLargeFile && exchange.host == fault.largeHost;
    }
}

bool isIn(const NetworkFault& fault, FaultPhase phase) {
    if (phase == FaultPhase::List) return fault.isInList && !fault.isOfLargeOnly;
    return fault.isInFiles && (phase == FaultPhase::Large || !fault.isOfLargeOnly);
}

void spoil(DownloadGround& ground, const NetworkFault& fault, FaultPhase phase, std::uint32_t seed) {
    ground.hub.spoil([&fault, phase, seed](HubExchange& exchange) {
        if (fault.spoil && concerns(exchange, fault, phase)) fault.spoil(exchange, seed);
    });
}

void addEnd(Findings& findings, FaultEnd expected, const Error* error) {
    if (expected == FaultEnd::Recovers && error != nullptr)
        findings.push_back("V9: no recovery by itself: " + error->message);
    if (expected == FaultEnd::Refuses && error == nullptr) findings.emplace_back("V1: nothing was refused");
}

/// The fault twice, and then none.
Findings afterFaultInFile(const NetworkFault& fault, FaultPhase phase, std::uint32_t seed) {
    DownloadGround ground(HubServer::Reach::Sockets);
    ground.transportOptions.stallSeconds = kShortStallSeconds;
    spoil(ground, fault, phase, seed);
    if (fault.prepare) fault.prepare(ground, seed);
    Findings findings;
    const DownloadRun run = ground.fetch();
    append(findings, ground.broken(run), "after the fault");
    addEnd(findings, fault.end, run.result ? nullptr : &run.result.error());
    if (!run.result) append(findings, ground.broken(ground.fetch()), "after the same fault again");
    ground.hub.spoil({});
    ground.faults = {};
    append(findings, ground.notWhole(ground.fetch()), "in the end");
    return findings;
}

Findings afterFaultInList(const NetworkFault& fault, std::uint32_t seed) {
    DownloadGround ground(HubServer::Reach::Sockets);
    ground.transportOptions.stallSeconds = kShortStallSeconds;
    spoil(ground, fault, FaultPhase::List, seed);
    if (fault.prepare) fault.prepare(ground, seed);
    Findings findings;
    const auto list = ground.list();
    if (fault.end != FaultEnd::Either) addEnd(findings, fault.end, list ? nullptr : &list.error());
    if (list && fault.end == FaultEnd::Recovers && *list != ground.hub.listing(ground.set.name))
        findings.emplace_back("V1: another list than the source's");
    if (!list && list.error().message.find(HubServer::kLicensedToken) != std::string::npos)
        findings.emplace_back("V5: the token is told");
    if (ground.leaks() > 0) findings.emplace_back("V5: a secret went to the wrong host");
    ground.hub.spoil({});
    ground.faults = {};
    const auto again = ground.list();
    if (!again || *again != ground.hub.listing(ground.set.name))
        findings.emplace_back("V9: no list in the end");
    return findings;
}

/// How a folder looks before the run in which something happens to the disk.
enum class Before { Nothing, Part, DamagedFile };

void prepare(DownloadGround& ground, Before before) {
    if (before == Before::Part) {
        ground.hub.spoil([](HubExchange& exchange) {
            if (exchange.path == kLargeFile && exchange.host == HubHost::Second)
                exchange.answer.bytes.resize(exchange.answer.bytes.size() - 50'000);
            if (exchange.number > 1) exchange.answer = {httpAnswer(404, "")};
        });
        QVERIFY(!ground.fetch().result);
        QVERIFY(isThere(download::partPath(ground.fileOf(kLargeFile))));
        ground.hub.spoil({});
    }
    if (before == Before::DamagedFile) {
        QVERIFY(ground.fetch().result);
        const auto path = ground.fileOf(kLargeFile);
        std::string bytes = checked(readFile(path));
        bytes[1000] ^= 1;
        checked(writeFileAtomically(systemFiles(), path, bytes));
    }
}

/// A damaged file has its name before anything happens, which is no fault of the run's.
Findings brokenAfter(const DownloadGround& ground, const DownloadRun& run, Before before) {
    Findings findings = ground.broken(run);
    if (before == Before::DamagedFile && !run.result)
        std::erase_if(findings,
                      [](const std::string& text) { return text.find("has its name") != std::string::npos; });
    return findings;
}

std::uint64_t countCalls(Before before) {
    DownloadGround ground(HubServer::Reach::Direct);
    prepare(ground, before);
    FaultFileLayer files;
    (void)ground.fetch(files);
    return files.calls();
}

} // namespace

class TestFaultMatrix final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyFaultOfTheNetworkInEveryPhase() {
        for (const NetworkFault& fault : networkFaults())
            for (const FaultPhase phase : {FaultPhase::List, FaultPhase::Small, FaultPhase::Large}) {
                if (!isIn(fault, phase)) continue;
                for (std::uint32_t seed = 1; seed <= kSeeds; ++seed)
                    m_tally.add(fault.name + ", phase " + std::to_string(static_cast<int>(phase)) +
                                    ", seed " + std::to_string(seed),
                                phase == FaultPhase::List ? afterFaultInList(fault, seed)
                                                          : afterFaultInFile(fault, phase, seed));
            }
        QVERIFY(m_tally.isClean());
    }

    void aServerThatCannotProveWhoItIs() {
        const TestAuthority authority;
        for (const auto flaw : {TestAuthority::Flaw::Expired, TestAuthority::Flaw::WrongName,
                                TestAuthority::Flaw::SelfSigned}) {
            DownloadGround ground(HubServer::Reach::Sockets, authority.identity(flaw));
            ground.transportOptions.authorities = authority.certificate();
            const DownloadRun run = ground.fetch();
            Findings findings = ground.broken(run);
            if (run.result || run.result.error().code != codes::kNetworkTls)
                findings.emplace_back("V8: not refused for its certificate");
            if (ground.hub.requests() > 0) findings.emplace_back("V5: something was sent to it");
            m_tally.add("F40", findings);
        }
        for (const auto then : {ServedAnswer::Then::Cut, ServedAnswer::Then::Reset}) {
            DownloadGround ground(HubServer::Reach::Sockets, authority.identity());
            ground.transportOptions.authorities = authority.certificate();
            ground.hub.spoil([then](HubExchange& exchange) {
                if (exchange.path != kLargeFile || exchange.host != HubHost::Second || exchange.number > 2)
                    return;
                exchange.answer.bytes.resize(exchange.answer.bytes.size() * 2 / 3);
                exchange.answer.then = then;
            });
            m_tally.add("F41", ground.notWhole(ground.fetch()));
        }
        QVERIFY(m_tally.isClean());
    }

    void aFaultAtEveryFileCall() {
        for (const Before before : {Before::Nothing, Before::Part, Before::DamagedFile})
            for (std::uint64_t k = 1, calls = countCalls(before); k <= calls; ++k)
                for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short}) {
                    DownloadGround ground(HubServer::Reach::Direct);
                    prepare(ground, before);
                    FaultFileLayer files(k, fault);
                    Findings findings = brokenAfter(ground, ground.fetch(files), before);
                    append(findings, ground.notWhole(ground.fetch()), "in the end");
                    m_tally.add("file call " + std::to_string(k) + ", fault " +
                                    std::to_string(static_cast<int>(fault)),
                                findings);
                }
        QVERIFY(m_tally.isClean());
    }

    void killedAtEveryFileCall() {
        for (const Before before : {Before::Nothing, Before::Part, Before::DamagedFile})
            for (std::uint64_t k = 1, calls = countCalls(before); k <= calls; ++k) {
                DownloadGround ground(HubServer::Reach::Direct);
                prepare(ground, before);
                FaultFileLayer files(k, Fault::Kill);
                QVERIFY(isKilledDuring([&] { (void)ground.fetch(files); }));
                Findings findings =
                    brokenAfter(ground, {Error{codes::kNetworkFailure, "killed"}, {}, {}}, before);
                append(findings, ground.notWhole(ground.fetch()), "in the end");
                m_tally.add("killed at file call " + std::to_string(k), findings);
            }
        QVERIFY(m_tally.isClean());
    }

    void thePowerGoesAtEveryFileCall() {
        for (const Before before : {Before::Nothing, Before::Part})
            for (std::uint64_t k = 1, calls = countCalls(before); k <= calls; ++k)
                for (const Unflushed unflushed :
                     {Unflushed::Dropped, Unflushed::Torn, Unflushed::Zeroed, Unflushed::Kept})
                    for (const bool areNamesKept : {false, true}) {
                        DownloadGround ground(HubServer::Reach::Direct);
                        prepare(ground, before);
                        PowerLossFiles files(ground.folder(), k);
                        ground.counts.bodyBytes = 0;
                        DownloadRun run = ground.fetch(files);
                        files.settle(unflushed, areNamesKept);
                        run.last = {}; // nobody is left to show anything
                        Findings findings = ground.broken(run);
                        append(findings, ground.notWhole(ground.fetch()), "in the end");
                        if (ground.bytesTwice() > kMostBytesTwice)
                            findings.push_back("V3: fetched twice: " + std::to_string(ground.bytesTwice()));
                        m_tally.add("power lost at file call " + std::to_string(k) + ", unflushed " +
                                        std::to_string(static_cast<int>(unflushed)) + ", names " +
                                        std::to_string(areNamesKept),
                                    findings);
                        m_tally.addBytesTwice(ground.bytesTwice());
                    }
        QVERIFY(m_tally.isClean());
    }

    void cleanupTestCase() {
        std::printf("%s\n", m_tally.line().c_str());
        QVERIFY(m_tally.injected() >= kGoal);
    }

private:
    FaultTally m_tally;
};

QTEST_APPLESS_MAIN(TestFaultMatrix)
#include "test_fault_matrix.moc"
