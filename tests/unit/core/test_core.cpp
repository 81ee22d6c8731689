#include <filesystem>

#include <QTest>

#include "core/digest.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/page_cache.h"
#include "core/philox.h"
#include "core/progress.h"
#include "core/quantity.h"
#include "core/utf8.h"
#include "support/checked.h"
#include "support/fault_file_layer.h"
#include "support/noise.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::testing;

class TestCore final : public QObject {
    Q_OBJECT

    static void put(const std::filesystem::path& path, const std::string& text) {
        std::filesystem::create_directories(path.parent_path());
        QVERIFY(writeFileAtomically(systemFiles(), path, text));
    }

    static void putMemory(const TemporaryFolder& machine, const std::string& groups) {
        put(machine / "proc/meminfo",
            "MemTotal:           1000 kB\nMemFree:  1 kB\nMemAvailable:   800 kB\n");
        put(machine / "proc/self/cgroup", groups);
    }

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
        QVERIFY(broken.error().detail.ends_with("unexpected number literal; expected ':'"));
        QVERIFY(broken.error().detail.find("json.exception") == std::string::npos);
        QVERIFY(parseJson("[{\"role\":", "x").error().detail.find("unexpected end of input") !=
                std::string::npos);
    }

    void jsonLimits() {
        QVERIFY(parseJson("{\"a\":1,\"a\":2}", "x").error().code == codes::kJsonLimit);
        QVERIFY(parseJson(std::string(100'000, '['), "x").error().code == codes::kJsonLimit);
        QVERIFY(parseJson("[[1],{\"a\":{\"a\":2}}]", "x"));
        QVERIFY(parseJson("\xff\xfe", "x").error().code == codes::kJsonSyntax);
    }

    void aZeroByteDoesNotHideTheRestOfAJsonText() {
        const auto hidden = parseJson(std::string_view("{\n}\0{}", 6), "x.json");
        QVERIFY(!hidden && hidden.error().code == codes::kJsonSyntax);
        QCOMPARE(hidden.error().message, std::string("x.json: not valid JSON at line 2, column 2"));
        QVERIFY(parseJson(R"({"a":"\u0000"})", "x"));
    }

    void whatStandsInAJsonTextNeverForgesALineOfItsMessage() {
        const auto twice = parseJson("{\"a\xE2\x80\xAE\\n\":1,\"a\xE2\x80\xAE\\n\":2}", "x");
        QCOMPARE(twice.error().message, std::string("x: the key \"a\\u202e\\u000a\" stands twice"));
        const auto wrong = parseJson("{\"a\": x\xE2\x80\xAE" + std::string(100'000, 'y') + "}", "x");
        QVERIFY2(wrong.error().detail.size() < 200, wrong.error().detail.c_str());
        QVERIFY(wrong.error().detail.find("\xE2") == std::string::npos);
        const auto digits = parseJson("[1" + std::string(100'000, '0') + "]", "x");
        QVERIFY(!digits && digits.error().detail.size() < 200);
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
    void aLargeFileIsWrittenWhole() {
        const TemporaryFolder folder;
        const std::string block = noise((1U << 20) + 77, 3);
        Digest expected(DigestKind::Sha256);
        for (const bool isFirst : {true, false}) { // the second time it is gone on with
            auto file = checked(systemFiles().openAppend(folder / "large"));
            for (int i = 0; i < 20; ++i) {
                checked(file->write(std::as_bytes(std::span(block))));
                expected.update(block);
            }
            checked(file->sync());
            checked(file->close());
            QCOMPARE(checked(fileSize(folder / "large")), block.size() * (isFirst ? 20 : 40));
        }
        QCOMPARE(checked(sha256File(folder / "large")), expected.hex());
    }

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

    void namesAreExchangedInOneStepWhereTheSystemCan() {
        const TemporaryFolder folder;
        std::filesystem::create_directories(folder / "one/inner");
        QVERIFY(writeFileAtomically(systemFiles(), folder / "two", "two"));
        const auto exchanged = systemFiles().exchange(folder / "one", folder / "two");
        QVERIFY2(exchanged, exchanged ? "" : exchanged.error().message.c_str());
        QCOMPARE(std::filesystem::is_directory(folder / "two/inner"), *exchanged);
        QCOMPARE(std::filesystem::is_regular_file(folder / "one"), *exchanged);
        QVERIFY(systemFiles().exchange(folder / "one", folder / "absent").error().code ==
                codes::kFileNotFound);
    }

    void aFileIsTakenOutOfMemoryWhereItsFileSystemCan() {
        const TemporaryFolder folder;
        QVERIFY(writeFileAtomically(systemFiles(), folder / "x", std::string(3'000'000, 'x')));
        QVERIFY(writeFileAtomically(systemFiles(), folder / "empty", ""));
        QVERIFY(*dropFromPageCache(folder / "empty"));
        QVERIFY(dropFromPageCache(folder / "absent").error().code == codes::kFileNotFound);
        QVERIFY(dropFromPageCache(folder.path()).error().code == codes::kNotAFile);
        const auto dropped = dropFromPageCache(folder / "x");
        QVERIFY2(dropped, dropped ? "" : dropped.error().message.c_str());
        QCOMPARE(readFile(folder / "x")->size(), std::size_t{3'000'000});
        if (!*dropped) QSKIP("files of the temporary folder's file system stay in memory");
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

    void theUserOfAnAddressIsASecret() {
        QCOMPARE(redactSecrets("found `https://me:pa@ss@mirror.org/x@y`, expected"),
                 std::string("found `https://[redacted]@mirror.org/x@y`, expected"));
        QCOMPARE(redactSecrets("http://token@a http://b:p@c"),
                 std::string("http://[redacted]@a http://[redacted]@c"));
        for (const char* plain : {"https://huggingface.co/a@b", "mail a@b.org", "x://@y", "://"})
            QCOMPARE(redactSecrets(plain), std::string(plain));
    }

    void theMemoryOfAMachineIsWhatItsKernelSays() {
        const TemporaryFolder machine;
        QCOMPARE(memoryState(machine.path()).availableBytes, std::uint64_t{0});
        putMemory(machine, "");
        QCOMPARE(memoryState(machine.path()).totalBytes, std::uint64_t{1000} << 10);
        QCOMPARE(memoryState(machine.path()).availableBytes, std::uint64_t{800} << 10);
        QVERIFY(memoryState().totalBytes > 0);
    }

    void aControlGroupGrantsLessThanTheMachineHas() {
        const TemporaryFolder machine;
        putMemory(machine, "0::/user.slice/session\n");
        put(machine / "sys/fs/cgroup/user.slice/session/memory.max", "max\n");
        put(machine / "sys/fs/cgroup/user.slice/memory.max", "512000\n");
        put(machine / "sys/fs/cgroup/user.slice/memory.current", "300000\n");
        put(machine / "sys/fs/cgroup/user.slice/memory.stat", "file 7\ninactive_file 100000\n");
        QCOMPARE(memoryState(machine.path()).totalBytes, std::uint64_t{512000});
        QCOMPARE(memoryState(machine.path()).availableBytes, std::uint64_t{312000});
        put(machine / "sys/fs/cgroup/user.slice/memory.current", "700000\n");
        QCOMPARE(memoryState(machine.path()).availableBytes, std::uint64_t{1});
    }

    void aControlGroupOfVersionOneDoesSoToo() {
        const TemporaryFolder machine;
        putMemory(machine, "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n");
        put(machine / "sys/fs/cgroup/memory/memory.limit_in_bytes", "204800\n"); // seen as the top one
        put(machine / "sys/fs/cgroup/memory/memory.usage_in_bytes", "4800\n");
        QCOMPARE(memoryState(machine.path()).totalBytes, std::uint64_t{204800});
        QCOMPARE(memoryState(machine.path()).availableBytes, std::uint64_t{200000});
        put(machine / "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        QCOMPARE(memoryState(machine.path()).totalBytes, std::uint64_t{1000} << 10);
    }

    void invalidUtf8BecomesOneMarkForEachMaximalSubpart() {
        const std::string mark = "\xEF\xBF\xBD";
        QCOMPARE(replaceInvalidUtf8("abc \xC3\xA9"), std::string("abc \xC3\xA9"));
        QCOMPARE(replaceInvalidUtf8("a\xFFz"), "a" + mark + "z");
        QCOMPARE(replaceInvalidUtf8("\xE2\x82z"), mark + "z");            // cut three-byte character
        QCOMPARE(replaceInvalidUtf8("\xF0\x9F\x99"), mark);               // cut at the end
        QCOMPARE(replaceInvalidUtf8("\xC0\xAF"), mark + mark);            // overlong
        QCOMPARE(replaceInvalidUtf8("\xED\xA0\x80"), mark + mark + mark); // surrogate
        QCOMPARE(replaceInvalidUtf8("\xF4\x90\x80\x80"), mark + mark + mark + mark);
        QCOMPARE(findInvalidUtf8("12345678901234567\xFF"), std::size_t{17});
        QCOMPARE(findInvalidUtf8("ok"), std::string_view::npos);
        QVERIFY(isUtf8("\xF0\x9F\x99\x82") && !isUtf8("\xE0\x80\x80") && isUtf8(""));
    }

    void unfinishedBytesAreThoseThatMoreBytesCouldComplete() {
        QCOMPARE(unfinishedUtf8Bytes("a\xF0\x9F\x99"), std::size_t{3});
        QCOMPARE(unfinishedUtf8Bytes("a\xC3"), std::size_t{1});
        QCOMPARE(unfinishedUtf8Bytes("a\xC3\xA9"), std::size_t{0});
        QCOMPARE(unfinishedUtf8Bytes("a\xE0\x80"), std::size_t{0}); // can never be valid
        QCOMPARE(unfinishedUtf8Bytes("\x80"), std::size_t{0});
        QCOMPARE(unfinishedUtf8Bytes(""), std::size_t{0});
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
        QCOMPARE(formatNumber(1746.2, 3), std::string("1750"));
        QCOMPARE(formatNumber(-123456.0, 3), std::string("-123000"));
        QCOMPARE(formatNumber(999.6, 3), std::string("1000"));
        QCOMPARE(formatNumber(2e20, 3), std::string("2e+20"));
    }
};

QTEST_GUILESS_MAIN(TestCore)
#include "test_core.moc"
