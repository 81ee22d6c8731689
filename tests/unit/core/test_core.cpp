#include <filesystem>

#include <QTest>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/log.h"
#include "core/philox.h"
#include "core/progress.h"
#include "core/quantity.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::testing;

class TestCore final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sha256KnownAnswer() {
        QCOMPARE(sha256Hex("abc"),
                 std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    }

    void sha256OfAFileTellsProgressUpToTheTotal() {
        const TemporaryFolder folder;
        const std::string bytes(3'000'000, 'x');
        QVERIFY(writeFileAtomically(systemFiles(), folder / "x", bytes));
        Progress last;
        const auto digest = sha256File(folder / "x", {}, [&](const Progress& p) {
            QVERIFY(p.done >= last.done);
            last = p;
        });
        QVERIFY(digest);
        QCOMPARE(*digest, sha256Hex(bytes));
        QCOMPARE(last.done, last.total);
    }

    void cancelledHashIsAnInterruption() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "x", "abc"));
        const CancelToken cancel;
        cancel.cancel();
        QCOMPARE(sha256File(folder / "x", cancel).error().code.errorClass, ErrorClass::Interrupted);
    }

    // Known answers of Random123's kat_vectors for philox4x32-10.
    void philoxKnownAnswers() {
        using Words = std::array<std::uint32_t, 4>;
        QVERIFY(philox4x32({0, 0, 0, 0}, {0, 0}) == (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
        const std::uint32_t f = 0xffffffff;
        QVERIFY(philox4x32({f, f, f, f}, {f, f}) == (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
        QVERIFY(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
                (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
    }

    void jsonErrorsNameThePlace() {
        const auto broken = parseJson("{\n  \"a\": 1,\n  \"b\" 2\n}", "x.json");
        QVERIFY(!broken);
        QVERIFY(broken.error().code == codes::kJsonSyntax);
        QVERIFY(broken.error().message.find("line 3") != std::string::npos);
    }

    void jsonLimits() {
        QVERIFY(parseJson("{\"a\":1,\"a\":2}", "x").error().code == codes::kJsonLimit);
        QVERIFY(parseJson(std::string(100'000, '['), "x").error().code == codes::kJsonLimit);
        QVERIFY(parseJson("[[1],{\"a\":{\"a\":2}}]", "x"));
        QVERIFY(parseJson("\xff\xfe", "x").error().code == codes::kJsonSyntax);
    }

    void readFileRefusesWhatIsNoFile() {
        const TemporaryFolder folder;
        QVERIFY(readFile(folder / "absent").error().code == codes::kFileNotFound);
        QVERIFY(readFile(folder.path()).error().code == codes::kNotAFile);
        QVERIFY(readFile("/dev/zero").error().code == codes::kNotAFile);
        QVERIFY(writeFileAtomically(systemFiles(), folder / "x", "12345"));
        QVERIFY(readFile(folder / "x", 4).error().code == codes::kFileTooLarge);
    }

    // Whatever call fails, the old file is whole or the new one is.
    void atomicWriteSurvivesAFaultAtEveryCall() {
        FaultFileLayer counter;
        {
            const TemporaryFolder folder;
            QVERIFY(writeFileAtomically(counter, folder / "x", "new"));
        }
        QVERIFY(counter.calls() > 4);
        for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short}) {
            for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
                const TemporaryFolder folder;
                QVERIFY(writeFileAtomically(systemFiles(), folder / "x", "old"));
                FaultFileLayer layer(k, fault);
                const auto written = writeFileAtomically(layer, folder / "x", "new");
                const auto content = readFile(folder / "x");
                QVERIFY(content);
                QVERIFY(*content == "new" || (!written && *content == "old"));
            }
        }
    }

    void removeTreeUnlinksLinksAndKeepsTheirTargets() {
        const TemporaryFolder folder;
        std::filesystem::create_directories(folder / "outside");
        std::filesystem::create_directories(folder / "tree/inner");
        QVERIFY(writeFileAtomically(systemFiles(), folder / "outside/kept", "kept"));
        std::filesystem::create_directory_symlink(folder / "outside", folder / "tree/link");
        QVERIFY(removeTree(systemFiles(), folder / "tree"));
        QVERIFY(!std::filesystem::exists(folder / "tree"));
        QVERIFY(std::filesystem::exists(folder / "outside/kept"));
    }

    void secretsAreRedacted() {
        const std::string clean = redactSecrets(
            "token hf_abcdefghijklmnop, Authorization: Bearer abc.def-ghi, "
            "https://x/y?Policy=eyJTdGF0ZW1lbnQ&Signature=abcdefgh~_&Key-Pair-Id=K15QRJLYKIFSLZ end");
        for (const char* secret :
             {"abcdefghijklmnop", "abc.def-ghi", "eyJTdGF0ZW1lbnQ", "abcdefgh~_", "K15QRJ"})
            QVERIFY2(clean.find(secret) == std::string::npos, clean.c_str());
        QVERIFY(clean.ends_with(" end"));
        QCOMPARE(redactSecrets("hf_hub is fine"), std::string("hf_hub is fine"));
    }

    void quantities() {
        QCOMPARE(formatBytes(812), std::string("812 B"));
        QCOMPARE(formatBytes(270'000'000), std::string("270 MB"));
        QCOMPARE(formatBytes(2'471'645'608), std::string("2.5 GB"));
        QCOMPARE(formatBytes(999'999'999), std::string("1.0 GB"));
        QCOMPARE(formatDuration(0.43), std::string("0.4 s"));
        QCOMPARE(formatDuration(420), std::string("7 min"));
        QCOMPARE(formatDuration(7500), std::string("2 h 05 min"));
        QCOMPARE(formatNumber(1.4213), std::string("1.421"));
    }
};

QTEST_GUILESS_MAIN(TestCore)
#include "test_core.moc"
