#include <QTest>

#include "core/hash.h"
#include "download/content_hash.h"
#include "download/part_record.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::download;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

PartRecord someRecord() {
    PartRecord record{"https://huggingface.co", std::string(40, 'c'), "a/model.safetensors"};
    record.sizeBytes = 1234567890123;
    record.hash = {HashKind::Sha256, std::string(64, 'a')};
    record.origin = "https://cdn.example";
    record.etag = "\"tag\"";
    record.points = {{100, std::string(64, '1')}, {200, std::string(64, '2')}};
    return record;
}

bool areEqual(const PartRecord& a, const PartRecord& b) {
    return a.source == b.source && a.commit == b.commit && a.path == b.path && a.sizeBytes == b.sizeBytes &&
           a.hash.kind == b.hash.kind && a.hash.hex == b.hash.hex && a.origin == b.origin &&
           a.etag == b.etag && a.points == b.points;
}

std::string hashOf(HashKind kind, std::optional<std::uint64_t> size, const std::string& hex) {
    ContentHash hash({kind, hex}, size);
    hash.update(std::as_bytes(std::span(std::string_view("hello\n"))));
    const auto isRight = hash.isAsExpected();
    return !isRight ? "unknown" : *isRight ? "right" : "wrong";
}

} // namespace

class TestPartRecord final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRecordComesBackAsItWas() {
        const auto read = parsePartRecord(partRecordText(someRecord()));
        QVERIFY(read && areEqual(*read, someRecord()));
        PartRecord least;
        least.path = "x";
        const auto small = parsePartRecord(partRecordText(least));
        QVERIFY(small && areEqual(*small, least));
    }

    void aRecordCutOrChangedAtAnyByteIsNone() {
        const std::string text = partRecordText(someRecord());
        for (std::size_t i = 0; i < text.size(); ++i) {
            QVERIFY2(!parsePartRecord(text.substr(0, i)), std::to_string(i).c_str());
            std::string changed = text;
            changed[i] = static_cast<char>(changed[i] ^ 1);
            QVERIFY2(!parsePartRecord(changed), std::to_string(i).c_str());
        }
        QVERIFY(!parsePartRecord(text + "\n"));
        QVERIFY(!parsePartRecord(std::string(text.size(), '\0')));
    }

    void aRecordOfANewerVersionIsNone() {
        std::string line = partRecordText(someRecord());
        line = line.substr(0, line.find('\n'));
        line.replace(line.find("\"schema\":1"), 10, "\"schema\":2");
        QVERIFY(!parsePartRecord(line + "\n" + sha256Hex(line) + "\n"));
    }

    void aFileIsTheSameByItsHashOrByItsName() {
        const PartRecord one = someRecord();
        PartRecord mirror = one;
        mirror.source = "https://mirror.example";
        QVERIFY(one.isOfSameFile(mirror));
        PartRecord other = one;
        other.hash.hex = std::string(64, 'b');
        QVERIFY(!one.isOfSameFile(other));
        PartRecord longer = one;
        longer.sizeBytes = 5;
        QVERIFY(!one.isOfSameFile(longer));
        PartRecord plain = one;
        plain.hash = {};
        PartRecord moved = plain;
        QVERIFY(plain.isOfSameFile(moved));
        moved.commit = std::string(40, 'd');
        QVERIFY(!plain.isOfSameFile(moved));
    }

    void pointsAreThinnedAndTheLastOneStays() {
        PartRecord record;
        for (std::uint64_t bytes = 10; bytes <= 1000; bytes += 10)
            record.addPoint({bytes, "x"}, 100);
        QCOMPARE(record.points.back().bytes, std::uint64_t{1000});
        QVERIFY(record.points.size() <= 11);
        for (std::size_t i = 2; i + 1 < record.points.size(); ++i)
            QVERIFY(record.points[i].bytes - record.points[i - 1].bytes >= 100);
    }

    void aFaultWhileReplacingLeavesTheOldRecordOrTheNew() {
        for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short}) {
            for (std::uint64_t at = 1;; ++at) {
                const TemporaryFolder folder;
                const fs::path part = folder / "x.part";
                PartRecord fresh = someRecord();
                QVERIFY(writePartRecord(systemFiles(), part, fresh));
                fresh.points.push_back({300, std::string(64, '3')});
                FaultFileLayer files(at, fault);
                const auto written = writePartRecord(files, part, fresh);
                const auto read = readPartRecord(part);
                QVERIFY(read && (areEqual(*read, fresh) || areEqual(*read, someRecord())));
                QVERIFY(removePartRecord(systemFiles(), part));
                QVERIFY(fs::is_empty(folder.path()));
                if (files.calls() >= at) continue;
                QVERIFY(written);
                break;
            }
        }
    }

    void eachKindOfHashIsProvedFromTheStream() {
        const std::string sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        const std::string git = "ce013625030ba8dba906f756967f9e9ca394464a"; // git hash-object
        const std::string md5 = "b1946ac92492d2347c6235b4d2611184";
        QCOMPARE(hashOf(HashKind::Sha256, 6, sha256), std::string("right"));
        QCOMPARE(hashOf(HashKind::GitBlobSha1, 6, git), std::string("right"));
        QCOMPARE(hashOf(HashKind::GitBlobSha1, 7, git), std::string("wrong"));
        QCOMPARE(hashOf(HashKind::GitBlobSha1, {}, git), std::string("unknown"));
        QCOMPARE(hashOf(HashKind::Md5, {}, md5), std::string("right"));
        QCOMPARE(hashOf(HashKind::Md5, {}, git), std::string("wrong"));
        QCOMPARE(hashOf(HashKind::None, {}, {}), std::string("right"));
    }

    void aCopyOfAHashGoesItsOwnWay() {
        ContentHash one({HashKind::Sha256, {}}, 3);
        one.update(std::as_bytes(std::span(std::string_view("ab"))));
        const ContentHash kept = one;
        one.update(std::as_bytes(std::span(std::string_view("c"))));
        QCOMPARE(one.sha256(), sha256Hex("abc"));
        QCOMPARE(kept.sha256(), sha256Hex("ab"));
    }
};

QTEST_APPLESS_MAIN(TestPartRecord)
#include "test_part_record.moc"
