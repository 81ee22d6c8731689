// ZIP archives: members of real ones come out right, damaged and hostile ones are refused in words.
#include <algorithm>
#include <array>
#include <functional>

#include <QtTest>

#include "core/error_codes.h"
#include "formats/zip/zip_archive.h"
#include "support/temporary_folder.h"
#include "zip_bytes.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr std::size_t kBlockBytes = 1U << 20;

/// A member's name and its bytes.
using Content = std::pair<std::string, std::string>;

/// The fixtures' texts, as make_zip_fixtures.py makes them.
std::string words() {
    std::string text;
    for (int i = 0; i < 2000; ++i)
        text += "word " + std::to_string(i) + "\n";
    return text;
}

std::string noise() {
    std::string bytes;
    for (unsigned i = 0; i < 500; ++i)
        bytes += static_cast<char>((i * i * 31 >> 3) & 0xFF);
    return bytes;
}

const std::vector<Content>& smallContents() {
    static const std::vector<Content> contents{{"a.txt", words().substr(0, 70)},
                                               {"b.bin", noise().substr(0, 20)}};
    return contents;
}

ZipSink appendTo(std::string& bytes) {
    return [&bytes](std::span<const std::byte> block) {
        bytes.append(reinterpret_cast<const char*>(block.data()), block.size());
        return Result<void>();
    };
}

/// All members, or the first error.
Result<std::vector<Content>> readAll(const std::filesystem::path& path) {
    const auto archive = ZipArchive::open(path);
    if (!archive) return archive.error();
    std::vector<Content> contents;
    for (const ZipEntry& entry : (*archive)->entries()) {
        contents.emplace_back(entry.name, "");
        const auto unpacked = (*archive)->extract(entry, appendTo(contents.back().second), CancelToken());
        if (!unpacked) return unpacked.error();
        if (contents.back().second.size() != entry.sizeBytes) return Error{codes::kInternal, "size"};
    }
    return contents;
}

/// The error of opening the archive or of unpacking its members.
Error errorOf(const TemporaryFolder& folder, const std::string& bytes) {
    writeBytes(folder / "x.zip", bytes);
    const auto contents = readAll(folder / "x.zip");
    return contents ? Error{{"none", ErrorClass::Failed}, "was accepted"} : contents.error();
}

ZipMember with(ZipMember member, const std::function<void(ZipMember&)>& change) {
    change(member);
    return member;
}

/// An archive of one stored member "a" with 5 bytes, changed.
std::string one(const std::function<void(ZipMember&)>& change) {
    return ZipBytes({with(storedMember("a", "hello"), change)}).bytes();
}

/// The same of a deflated member.
std::string oneDeflated(const std::function<void(ZipMember&)>& change) {
    return ZipBytes({with(deflatedMember("a", "hello"), change)}).bytes();
}

/// An archive of one member, with another end record.
std::string withEnd(const std::function<void(ZipEndFields&)>& change) {
    ZipBytes archive({storedMember("a", "hello")});
    change(archive.end);
    return archive.bytes();
}

/// The same with other zip64 records before it.
std::string withWideEnd(const std::function<void(ZipWideEndFields&)>& change) {
    ZipBytes archive({storedMember("a", "hello")});
    change(archive.wideEnd);
    return archive.wideBytes();
}

} // namespace

class TestZipArchive final : public QObject {
    Q_OBJECT

    static void row(const char* code, const char* name, const std::string& bytes, const char* says) {
        QTest::newRow((std::string(code) + " " + name).c_str())
            << QByteArray(code) << QByteArray(bytes.data(), static_cast<qsizetype>(bytes.size()))
            << QByteArray(says);
    }

    static void endRows() {
        const std::string good = ZipBytes({storedMember("a", "hello")}).bytes();
        row("ZIP-01", "only letters", "hello, world", "no end record in the last 12 bytes");
        row("ZIP-01", "PT-32 bytes behind the archive", good + "x", "no end record");
        row("ZIP-01", "PT-32 bytes before the archive", "x" + good, "expected it to end at byte 84");
        row("ZIP-01", "PT-32 an archive in the comment",
            withEnd([](auto& end) { end.comment = ZipEndFields{}.bytes(); }), "two end records");
        row("ZIP-01", "PT-31 directory beyond the file",
            withEnd([](auto& end) { end.directoryOffset = 0xFFFFFFF0; }), "at byte 4294967280");
        row("ZIP-01", "PT-31 directory too large", withEnd([](auto& end) { end.directoryBytes = 4000; }),
            "a central directory of 4000 bytes");
        row("ZIP-01", "PT-31 more members than it holds",
            withEnd([](auto& end) { end.countHere = end.count = 2; }),
            "2 members in a central directory of 47 bytes");
        row("ZIP-01", "PT-31 fewer members than it holds",
            withEnd([](auto& end) { end.countHere = end.count = 0; }), "47 bytes behind its 0 entries");
        row("ZIP-02", "PT-33 second disk", withEnd([](auto& end) { end.disk = 1; }), "in several");
        row("ZIP-02", "PT-33 directory on a second disk", withEnd([](auto& end) { end.directoryDisk = 1; }),
            "in several");
        row("ZIP-02", "PT-33 entries on other disks", withEnd([](auto& end) { end.countHere = 0; }),
            "in several");
    }

    static void wideEndRows() {
        row("ZIP-01", "PT-31 zip64 record beyond the file",
            withWideEnd([](auto& end) { end.offset = ~std::uint64_t{0} - 3; }), "18446744073709551612");
        row("ZIP-01", "zip64 record elsewhere", withWideEnd([](auto& end) { end.offset = 0; }),
            "no zip64 end record");
        row("ZIP-01", "zip64 record with another length", withWideEnd([](auto& end) { end.counted = 45; }),
            "no zip64 end record");
        row("ZIP-01", "PT-31 zip64 directory wraps",
            withWideEnd([](auto& end) { end.directoryOffset = ~std::uint64_t{0}; }), "contradict");
        row("ZIP-01", "zip64 count contradicts", withWideEnd([](auto& end) { end.count = 7; }), "contradict");
        row("ZIP-02", "PT-33 locator of several disks", withWideEnd([](auto& end) { end.disks = 2; }),
            "in several");
        row("ZIP-02", "PT-33 record on a second disk", withWideEnd([](auto& end) { end.locatorDisk = 1; }),
            "in several");
        ZipBytes wrapping({storedMember("a", "hello")});
        wrapping.end.directoryOffset = wrapping.end.directoryBytes = 0xFFFFFFFF;
        wrapping.wideEnd.directoryOffset = ~std::uint64_t{0};
        row("ZIP-01", "PT-31 offset and size wrap", wrapping.wideBytes(), "at byte 18446744073709551615");
        ZipBytes many({storedMember("a", "hello")});
        many.end.count = many.end.countHere = 0xFFFF;
        many.wideEnd.count = many.wideEnd.countHere = std::uint64_t{1} << 60;
        row("ZIP-01", "PT-31 2^60 members", many.wideBytes(), "1152921504606846976 members");
    }

    static void nameRows() {
        const auto named = [](const std::string& name) { return one([&](auto& m) { m.name = name; }); };
        row("ZIP-02", "no name", named(""), "is empty");
        row("ZIP-02", "PT-29 absolute", named("/etc/passwd"), "\"/etc/passwd\" is absolute");
        row("ZIP-02", "PT-29 drive", named("C:x"), "is absolute");
        row("ZIP-02", "PT-29 parent", named("../x"), "\"../x\" leads out of its folder");
        row("ZIP-02", "PT-29 parent inside", named("a/../../x"), "leads out");
        row("ZIP-02", "PT-29 parent at the end", named("a/.."), "leads out");
        row("ZIP-02", "PT-29 backslash", named("a\\b"), "backslash");
        row("ZIP-02", "PT-29 zero byte", named(std::string("a\0b", 3)), "zero byte");
        row("ZIP-02", "name twice", ZipBytes({storedMember("a", "x"), storedMember("a", "y")}).bytes(),
            "\"a\" is there twice");
    }

    static void kindRows() {
        row("ZIP-02", "encrypted", one([](auto& m) { m.flags = 1; }), "member \"a\" is encrypted");
        row("ZIP-02", "strongly encrypted", one([](auto& m) { m.flags = 1 << 6; }), "encrypted");
        row("ZIP-02", "masked", one([](auto& m) { m.flags = 1 << 13; }), "encrypted");
        row("ZIP-02", "AES", one([](auto& m) { m.method = 99; }), "encrypted");
        row("ZIP-02", "patch", one([](auto& m) { m.flags = 1 << 5; }), "patch");
        row("ZIP-02", "bzip2", one([](auto& m) { m.method = 12; }), "\"a\" is packed by method 12 (bzip2)");
        row("ZIP-02", "unknown method", one([](auto& m) { m.method = 77; }), "by method 77,");
        row("ZIP-02", "PT-33 member on another disk", one([](auto& m) { m.disk = 1; }), "part 2");
    }

    static void directoryRows() {
        const auto cut = [](std::size_t bytes) {
            ZipBytes archive({storedMember("a", "hello")});
            archive.directory.resize(bytes, 'x');
            archive.end.directoryBytes = static_cast<std::uint32_t>(bytes);
            return archive.bytes();
        };
        row("ZIP-01", "directory ends in a name", cut(46), "ends within entry 1");
        row("ZIP-01", "bytes behind the entries", cut(50), "3 bytes behind its 1 entries");
        ZipBytes unsignedEntry({storedMember("a", "hello")});
        unsignedEntry.directory[0] = 'p';
        row("ZIP-01", "no signature", unsignedEntry.bytes(), "entry 1 of the central directory");
        row("ZIP-01", "offset beyond the file", one([](auto& m) { m.offset = 0xFFFFFFF0; }), "4294967280");
        row("ZIP-01", "PT-30 in the directory", one([](auto& m) { m.offset = 36; }), "before byte 36");
        row("ZIP-01", "PT-30 overlapping members",
            ZipBytes({storedMember("a", "x"), with(storedMember("b", "y"), [](auto& m) { m.offset = 20; })})
                .bytes(),
            "\"a\" of 1 bytes at byte 0 reaches into what follows it");
        row("ZIP-01", "PT-25 stored with two sizes", one([](auto& m) { m.sizeBytes = 6; }), "in 5 bytes");
        row("ZIP-01", "extra field too long", one([](auto& m) { m.extra = std::string("\1\0\11\0", 4); }),
            "an extra field of 9 bytes in 0");
        row("ZIP-01", "no zip64 field", one([](auto& m) { m.sizeBytes = 0xFFFFFFFF; }), "no zip64");
        row("ZIP-01", "zip64 field too short",
            one([](auto& m) { m.sizeBytes = 0xFFFFFFFF, m.extra = extraField(1, "1234"); }), "too short");
        row("ZIP-01", "two zip64 fields",
            one([](auto& m) { m.extra = extraField(1, "12345678") + extraField(1, "12345678"); }),
            "two zip64");
        row("ZIP-01", "zip64 sizes wrap", oneDeflated([](auto& m) {
                m.packedBytes = 0xFFFFFFFF;
                m.extra = extraField(1, numberBytes(~std::uint64_t{0}));
            }),
            "18446744073709551615 bytes at byte 0");
    }

    static void localRows() {
        row("ZIP-01", "no local header", one([](auto& m) { m.offset = 5, m.packed += "....."; }),
            "signature");
        row("ZIP-01", "PT-26 another name", one([](auto& m) { m.localName = "b"; }), "has the name \"b\"");
        row("ZIP-01", "PT-26 encrypted there", one([](auto& m) { m.localFlags = 1; }), "mark of encryption");
        row("ZIP-01", "another method", one([](auto& m) { m.localMethod = 8; }), "the method 8");
        row("ZIP-01", "PT-25 another size", one([](auto& m) { m.localSizeBytes = 6; }), "the size 6");
        row("ZIP-01", "PT-25 another packed size", one([](auto& m) { m.localPackedBytes = 6; }),
            "the packed size 6");
        row("ZIP-01", "another CRC", one([](auto& m) { m.localCrc = 1; }), "another CRC-32");
        row("ZIP-01", "PT-25 zip64 mark alone", one([](auto& m) { m.localSizeBytes = 0xFFFFFFFF; }),
            "no zip64");
        row("ZIP-01", "PT-30 data into the directory",
            one([](auto& m) { m.localExtra = extraField(2, "12"), m.packed.clear(); }),
            "reach into the central directory");
    }

    static void dataRows() {
        row("ZIP-01", "stored byte changed", one([](auto& m) { m.packed = "hellO"; }), "has the CRC-32");
        row("ZIP-01", "deflated byte changed", oneDeflated([](auto& m) { m.packed.back() = 'O'; }),
            "has the CRC-32 ");
        row("ZIP-01", "holds more than its size", oneDeflated([](auto& m) { m.sizeBytes = 4; }),
            "more than the 4 bytes");
        row("ZIP-01", "holds something, should be empty", oneDeflated([](auto& m) { m.sizeBytes = 0; }),
            "more than the 0 bytes");
        row("ZIP-01", "holds less than its size", oneDeflated([](auto& m) { m.sizeBytes = 6; }),
            "unpacks to 5 bytes, expected 6");
        row("ZIP-01", "claims 4 GiB", oneDeflated([](auto& m) { m.sizeBytes = 0xFFFFFFFE; }),
            "expected 4294967294");
        row("ZIP-01", "claims 2^64 - 1", oneDeflated([](auto& m) {
                m.sizeBytes = m.localSizeBytes.emplace(0xFFFFFFFF);
                m.extra = m.localExtra = extraField(1, numberBytes(~std::uint64_t{0}));
            }),
            "expected 18446744073709551615");
        row("ZIP-01", "packed data cut", oneDeflated([](auto& m) { m.packed.resize(--m.packedBytes); }),
            "cut short");
        row("ZIP-01", "no packed data", oneDeflated([](auto& m) { m.packed.resize(m.packedBytes = 0); }),
            "cut short");
        row("ZIP-01", "no deflate data", oneDeflated([](auto& m) { m.packed[0] = '\x07'; }),
            "does not unpack after byte 0");
        row("ZIP-01", "bytes behind the data",
            oneDeflated([](auto& m) { m.packed += "xy", m.packedBytes += 2; }),
            "has 2 bytes behind its data");
        row("IM-2", "a web page", "<!DOCTYPE html><html>", "web page");
        row("IM-4", "an empty file", "", "empty");
    }

private Q_SLOTS:
    void membersOfAWheelComeOutRight() {
        const auto archive = ZipArchive::open(fixture("zip/wheel.whl"));
        QVERIFY(archive);
        const auto contents = readAll(fixture("zip/wheel.whl"));
        QVERIFY2(contents, contents ? "" : contents.error().message.c_str());
        const std::vector<Content> expected{{"pkg/", ""},
                                            {"pkg/words.txt", words()},
                                            {"pkg/noise.bin", noise()},
                                            {"pkg/größe.txt", "1"},
                                            {"pkg/empty", ""},
                                            {"pkg/zeros.bin", std::string(2'500'000, '\0')}};
        QVERIFY(*contents == expected);
        const ZipEntry* const text = (*archive)->find("pkg/words.txt");
        QVERIFY(text != nullptr && text->method == ZipMethod::Deflate);
        QVERIFY(text->compressedBytes < text->sizeBytes);
        QCOMPARE(text->crc32, crcOf(words()));
        QVERIFY((*archive)->find("pkg/noise.bin")->method == ZipMethod::Stored);
        QVERIFY((*archive)->find("pkg/gone") == nullptr);
        QVERIFY((*archive)->find("zzz") == nullptr);
    }

    void otherWaysOfWritingAreRead_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::newRow("zip64 fields in the local headers") << QByteArray("zip/zip64.zip");
        QTest::newRow("data descriptors") << QByteArray("zip/stream.zip");
        QTest::newRow("a comment at the end") << QByteArray("zip/comment.zip");
    }
    void otherWaysOfWritingAreRead() {
        QFETCH(const QByteArray, name);
        const auto contents = readAll(fixture(name.toStdString()));
        QVERIFY2(contents, contents ? "" : contents.error().message.c_str());
        QVERIFY(*contents == smallContents());
    }

    void storagesOfATorchFileLieWhereItSays() {
        const auto archive = ZipArchive::open(fixture("zip/tiny.pth"));
        QVERIFY2(archive, archive ? "" : archive.error().message.c_str());
        const ZipEntry* const storage = (*archive)->find("tiny/data/0");
        QVERIFY(storage != nullptr && storage->method == ZipMethod::Stored);
        const auto offset = (*archive)->dataOffset(*storage);
        QVERIFY(offset);
        QCOMPARE(*offset % 64, 0U);
        std::array<float, 6> values{};
        QCOMPARE(storage->sizeBytes, sizeof values);
        QVERIFY((*archive)->file().readAt(*offset, std::as_writable_bytes(std::span(values))));
        for (std::size_t i = 0; i < values.size(); ++i)
            QCOMPARE(values[i], static_cast<float>(i));
        QVERIFY(readAll(fixture("zip/tiny.pth")));
    }

    void aMemberBeyondFourGibIsRead() {
        constexpr std::uint64_t kBase = (std::uint64_t{4} << 30) + 5;
        ZipMember far = storedMember("far", "hello");
        far.offset = 0xFFFFFFFF;
        far.sizeBytes = far.packedBytes = 0xFFFFFFFF;
        far.extra =
            extraField(0x4246, "pad") +
            extraField(1, numberBytes(std::uint64_t{5}) + numberBytes(std::uint64_t{5}) + numberBytes(kBase));
        far.localSizeBytes = far.localPackedBytes = 5;
        ZipBytes archive({far}, kBase);
        archive.end.directoryOffset = 0xFFFFFFFF;
        writeBytes(m_folder / "far.zip", "PK\x03\x04");
        std::filesystem::resize_file(m_folder / "far.zip", kBase); // a hole
        std::ofstream(m_folder / "far.zip", std::ios::binary | std::ios::app) << archive.wideBytes();
        const auto contents = readAll(m_folder / "far.zip");
        QVERIFY2(contents, contents ? "" : contents.error().message.c_str());
        QVERIFY(*contents == std::vector<Content>({{"far", "hello"}}));
        std::filesystem::remove(m_folder / "far.zip");
    }

    void anArchiveWithoutMembersIsRead() {
        writeBytes(m_folder / "none.zip", ZipEndFields{}.bytes());
        const auto contents = readAll(m_folder / "none.zip");
        QVERIFY(contents && contents->empty());
    }

    void aFullCommentIsRead() {
        writeBytes(m_folder / "c.zip", withEnd([](auto& end) { end.comment = std::string(65535, 'c'); }));
        QVERIFY(readAll(m_folder / "c.zip"));
    }

    void aMemberIsFoundAmongMany() {
        std::vector<ZipMember> members;
        for (int i = 0; i < 3000; ++i)
            members.push_back(storedMember(std::string(200, 'n') + std::to_string(i), std::to_string(i)));
        writeBytes(m_folder / "many.zip", ZipBytes(members).bytes());
        const auto archive = ZipArchive::open(m_folder / "many.zip");
        QVERIFY2(archive, archive ? "" : archive.error().message.c_str());
        QCOMPARE((*archive)->entries().size(), members.size());
        for (const ZipMember& member : members) {
            const ZipEntry* const entry = (*archive)->find(member.name);
            QVERIFY(entry != nullptr);
            QCOMPARE(entry->crc32, member.crc);
        }
    }

    void blocksAreAtMostOneMib_data() {
        QTest::addColumn<bool>("stored");
        QTest::newRow("deflated") << false;
        QTest::newRow("stored") << true;
    }
    void blocksAreAtMostOneMib() {
        QFETCH(const bool, stored);
        const std::string zeros(2'500'000, '\0');
        if (stored) writeBytes(m_folder / "z.zip", ZipBytes({storedMember("pkg/zeros.bin", zeros)}).bytes());
        const auto archive = ZipArchive::open(stored ? m_folder / "z.zip" : fixture("zip/wheel.whl"));
        QVERIFY(archive);
        std::size_t largest = 0;
        std::uint64_t total = 0;
        std::vector<std::uint64_t> done;
        const auto unpacked = (*archive)->extract(
            *(*archive)->find("pkg/zeros.bin"),
            [&](std::span<const std::byte> block) {
                largest = std::max(largest, block.size());
                total += block.size();
                return Result<void>();
            },
            CancelToken(), [&](const Progress& progress) { done.push_back(progress.done); });
        QVERIFY(unpacked);
        QCOMPARE(total, zeros.size());
        QVERIFY(largest > 0 && largest <= kBlockBytes);
        QVERIFY(done.size() >= 3 && std::is_sorted(done.begin(), done.end()));
        QCOMPARE(done.back(), zeros.size());
    }

    void whatIsWrongIsRefusedInWords_data() {
        QTest::addColumn<QByteArray>("code");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QByteArray>("says");
        endRows();
        wideEndRows();
        nameRows();
        kindRows();
        directoryRows();
        localRows();
        dataRows();
    }
    void whatIsWrongIsRefusedInWords() {
        QFETCH(const QByteArray, code);
        QFETCH(const QByteArray, bytes);
        QFETCH(const QByteArray, says);
        const Error error = errorOf(m_folder, bytes.toStdString());
        QVERIFY2(error.code.text == code.toStdString(), error.message.c_str());
        QVERIFY2(contains(error.message, "x.zip"), error.message.c_str());
        QVERIFY2(contains(error.message, says.toStdString()), error.message.c_str());
        QVERIFY2(!contains(error.message, "\n"), error.message.c_str());
        QVERIFY2(contains(error.message, "; "), error.message.c_str());
    }

    void aHonestArchiveOfTheTestsOwnMakingIsAccepted() {
        for (const std::string& bytes :
             {one([](auto&) {}), oneDeflated([](auto&) {}), withWideEnd([](auto&) {}),
              ZipBytes({storedMember("a..b/..c/.d/e:f", "x"), deflatedMember("b", "")}).bytes()})
            QCOMPARE(errorOf(m_folder, bytes).message, std::string("was accepted"));
    }

    void noMoreThanTheClaimedSizeIsGivenOut() {
        writeBytes(m_folder / "x.zip", oneDeflated([](auto& m) { m.sizeBytes = 4; }));
        const auto archive = ZipArchive::open(m_folder / "x.zip");
        QVERIFY(archive);
        std::string bytes;
        QVERIFY(!(*archive)->extract((*archive)->entries()[0], appendTo(bytes), CancelToken()));
        QVERIFY(bytes.size() <= 4);
    }

    void aFileCutAnywhereIsRefused_data() { smallFixtures(); }
    void aFileCutAnywhereIsRefused() {
        QFETCH(const QByteArray, name);
        const std::string whole = readBytes(fixture(name.toStdString()));
        for (std::size_t length = 0; length < whole.size(); ++length) {
            const Error error = errorOf(m_folder, whole.substr(0, length));
            QVERIFY2(error.code == codes::kZipDamaged || error.code == codes::kEmptyFile,
                     (std::to_string(length) + ": " + error.message).c_str());
        }
    }

    void aChangedByteGivesAnErrorOrTheRightBytes_data() { smallFixtures(); }
    void aChangedByteGivesAnErrorOrTheRightBytes() {
        QFETCH(const QByteArray, name);
        const std::string whole = readBytes(fixture(name.toStdString()));
        const auto expected = readAll(fixture(name.toStdString()));
        QVERIFY(expected);
        std::size_t refused = 0;
        std::size_t flips = 0;
        for (std::size_t at = 0; at < whole.size(); ++at)
            for (const int bits : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
                std::string changed = whole;
                changed[at] = static_cast<char>(changed[at] ^ bits);
                writeBytes(m_folder / "x.zip", changed);
                const auto contents = readAll(m_folder / "x.zip");
                QVERIFY2(!contents || *contents == *expected, std::to_string(at).c_str());
                refused += contents ? 0 : 1;
                ++flips;
            }
        QVERIFY(refused > flips / 2); // the others are times, versions, comments and padding
    }

    void unpackingStopsOnRequest() {
        for (const char* name : {"pkg/zeros.bin", "pkg/noise.bin"}) {
            const auto archive = ZipArchive::open(fixture("zip/wheel.whl"));
            QVERIFY(archive);
            CancelToken cancel;
            cancel.cancel();
            std::string bytes;
            const auto stopped = (*archive)->extract(*(*archive)->find(name), appendTo(bytes), cancel);
            QVERIFY(!stopped && stopped.error().code == codes::kCancelled);
            QVERIFY(contains(stopped.error().message, name) &&
                    contains(stopped.error().message, "wheel.whl"));
            QVERIFY(bytes.empty());
        }
    }

    void unpackingStopsBetweenBlocks() {
        const auto archive = ZipArchive::open(fixture("zip/wheel.whl"));
        QVERIFY(archive);
        const CancelToken cancel;
        int blocks = 0;
        const auto stopped = (*archive)->extract(
            *(*archive)->find("pkg/zeros.bin"),
            [&](std::span<const std::byte>) {
                ++blocks;
                cancel.cancel();
                return Result<void>();
            },
            cancel);
        QVERIFY(!stopped && stopped.error().code == codes::kCancelled);
        QCOMPARE(blocks, 1);
    }

    void theSinksErrorEndsTheUnpacking() {
        for (const char* name : {"pkg/zeros.bin", "pkg/noise.bin"}) {
            const auto archive = ZipArchive::open(fixture("zip/wheel.whl"));
            QVERIFY(archive);
            int blocks = 0;
            const auto unpacked = (*archive)->extract(
                *(*archive)->find(name),
                [&](std::span<const std::byte>) -> Result<void> {
                    ++blocks;
                    return Error{codes::kDiskFull, "full"};
                },
                CancelToken());
            QVERIFY(!unpacked && unpacked.error().code == codes::kDiskFull);
            QCOMPARE(blocks, 1);
        }
    }

    void aFileThatBecameShorterIsAnError() {
        writeBytes(m_folder / "x.zip", one([](auto&) {}));
        const auto archive = ZipArchive::open(m_folder / "x.zip");
        QVERIFY(archive);
        std::filesystem::resize_file(m_folder / "x.zip", 33);
        std::string bytes;
        const auto unpacked = (*archive)->extract((*archive)->entries()[0], appendTo(bytes), CancelToken());
        QVERIFY(!unpacked && unpacked.error().code == codes::kFileChanged);
    }

private:
    static void smallFixtures() {
        QTest::addColumn<QByteArray>("name");
        for (const char* name : {"zip/comment.zip", "zip/stream.zip", "zip/zip64.zip", "zip/tiny.pth"})
            QTest::newRow(name) << QByteArray(name);
    }

    TemporaryFolder m_folder;
};

QTEST_GUILESS_MAIN(TestZipArchive)
#include "test_zip_archive.moc"
