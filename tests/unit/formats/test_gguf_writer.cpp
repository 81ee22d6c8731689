// GgufWriter: what it writes is read back, and nothing half-written gets the file's name.
#include <cmath>
#include <cstring>
#include <limits>

#include <QtTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/gguf/gguf_writer.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kF16 = 1;
constexpr std::uint32_t kQ4_0 = 2;
constexpr std::uint32_t kQ4_1 = 3;
constexpr std::uint32_t kQ8_0 = 8;
constexpr std::uint32_t kQ6K = 14;

GgufPlanned planned(const std::string& name, std::vector<std::int64_t> shape, std::uint32_t type) {
    return {name, std::move(shape), findBlockType(type)};
}

std::vector<float> waves(std::uint64_t count) {
    std::vector<float> values;
    for (std::uint64_t i = 0; i < count; ++i)
        values.push_back(std::sin(static_cast<float>(i)) * 0.1F);
    return values;
}

GgufPairs somePairs() {
    GgufPairs pairs;
    pairs.addText("general.architecture", "llama");
    pairs.add("number", std::uint32_t{7});
    return pairs;
}

std::vector<GgufPlanned> somePlan() {
    return {planned("a", {2, 32}, kQ8_0), planned("b", {3}, kF32), planned("c", {3, 256}, kQ6K)};
}

/// Writes the whole plan with waves.
Result<void> writeAll(FileLayer& files, const std::filesystem::path& path, const GgufPairs& pairs,
                      const std::vector<GgufPlanned>& plan) {
    auto writer = GgufWriter::create(files, path, pairs, plan);
    if (!writer) return writer.error();
    for (const GgufPlanned& tensor : plan) {
        const std::vector<float> values = waves(tensor.info().elementCount());
        if (auto done = (*writer)->write(tensor.info(), std::as_bytes(std::span(values))); !done) return done;
    }
    return (*writer)->finish();
}

template <typename T>
bool holds(const GgufMetadata& metadata, const char* key, const T& value) {
    const auto found = metadata.find(key);
    if (found == metadata.end()) return false;
    const T* const held = std::get_if<T>(&found->second);
    return held != nullptr && *held == value;
}

} // namespace

class TestGgufWriter final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void metadataOfEveryKindIsReadBack() {
        GgufPairs pairs;
        pairs.add("u8", std::uint8_t{200});
        pairs.add("i8", std::int8_t{-100});
        pairs.add("u16", std::uint16_t{60000});
        pairs.add("i16", std::int16_t{-30000});
        pairs.add("u32", std::uint32_t{4000000000U});
        pairs.add("i32", std::int32_t{-2000000000});
        pairs.add("u64", std::uint64_t{1} << 63);
        pairs.add("i64", std::int64_t{-5});
        pairs.add("f32", 1e-5F);
        pairs.add("f64", 0.1);
        pairs.add("yes", true);
        pairs.addText("text", "größe\n");
        pairs.addTexts("texts", {"a", "", "ü"});
        pairs.addNumbers<std::int32_t>("wholes", {1, -3});
        pairs.addNumbers<float>("reals", {0.5F});
        pairs.addNumbers<std::uint8_t>("none", {});
        const TemporaryFolder folder;
        const auto written = writeAll(systemFiles(), folder / "f.gguf", pairs, {});
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        const auto reader = GgufReader::open(folder / "f.gguf");
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        const GgufMetadata& found = (*reader)->metadata();
        QCOMPARE(found.size(), std::size_t{16});
        QVERIFY(holds(found, "u8", std::uint64_t{200}) && holds(found, "i8", std::int64_t{-100}));
        QVERIFY(holds(found, "u16", std::uint64_t{60000}) && holds(found, "i16", std::int64_t{-30000}));
        QVERIFY(holds(found, "u32", std::uint64_t{4000000000U}));
        QVERIFY(holds(found, "i32", std::int64_t{-2000000000}));
        QVERIFY(holds(found, "u64", std::uint64_t{1} << 63) && holds(found, "i64", std::int64_t{-5}));
        QVERIFY(holds(found, "f32", 1e-5F) && holds(found, "f64", 0.1) && holds(found, "yes", true));
        QVERIFY(holds(found, "text", std::string("größe\n")));
        QVERIFY(holds(found, "texts", std::vector<std::string>{"a", "", "ü"}));
        QVERIFY(holds(found, "wholes", std::vector<std::int64_t>{1, -3}));
        QVERIFY(holds(found, "reals", std::vector<double>{0.5}));
        QVERIFY(holds(found, "none", std::vector<std::int64_t>{}));
    }

    void tensorsOfEveryTypeAreReadBackAndTheSizeIsForecast() {
        std::vector<GgufPlanned> plan;
        for (std::uint32_t id = 0; id < 40; ++id)
            if (const BlockType* type = findBlockType(id); type != nullptr && type->encode != nullptr)
                plan.push_back({std::string(type->name), {3, 256}, type});
        QCOMPARE(plan.size(), std::size_t{10});
        const TemporaryFolder folder;
        const auto written = writeAll(systemFiles(), folder / "f.gguf", somePairs(), plan);
        QVERIFY2(written, written ? "" : written.error().message.c_str());
        QCOMPARE(*ggufFileBytes(somePairs(), plan), *fileSize(folder / "f.gguf"));
        const auto reader = GgufReader::open(folder / "f.gguf");
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        const std::vector<float> values = waves(768);
        for (const GgufPlanned& tensor : plan) {
            const TensorInfo* found = (*reader)->find(tensor.name);
            QVERIFY(found != nullptr && found->shape == tensor.shape);
            QVERIFY(&(*reader)->packing(*found) == tensor.type);
            std::vector<std::byte> packed(768 / tensor.type->blockElements * tensor.type->blockBytes);
            std::string expected(768 * sizeof(float), '\0');
            QVERIFY(tensor.type->encode(values.data(), 768 / tensor.type->blockElements, packed.data()));
            tensor.type->decode(packed.data(), 768 / tensor.type->blockElements,
                                reinterpret_cast<float*>(expected.data()));
            QVERIFY2(tensorBytes(**reader, *found) == expected, tensor.name.c_str());
        }
    }

    void tensorsLargerThanASliceArePackedWhole() {
        const TemporaryFolder folder;
        const std::vector<GgufPlanned> plan{planned("a", {3, std::int64_t{1} << 21}, kF16)};
        QVERIFY(writeAll(systemFiles(), folder / "f.gguf", somePairs(), plan));
        const auto reader = GgufReader::open(folder / "f.gguf");
        QVERIFY(reader);
        const std::string bytes = tensorBytes(**reader, (*reader)->tensors()[0]);
        const std::vector<float> values = waves(3U << 21);
        for (const std::size_t i :
             {std::size_t{0}, (std::size_t{1} << 22) - 1, std::size_t{1} << 22, values.size() - 1}) {
            float found = 0.0F;
            std::memcpy(&found, bytes.data() + i * sizeof found, sizeof found);
            QVERIFY(std::abs(found - values[i]) < 1e-4F);
        }
    }

    void aPlanThatNoFileCanHoldIsRefused_data() {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QList<qint64>>("shape");
        QTest::addColumn<QByteArray>("code");
        const auto row = [](const char* what, const char* name, const QList<qint64>& shape,
                            const char* code) {
            QTest::newRow(what) << QByteArray(name) << shape << QByteArray(code);
        };
        row("name twice", "a", {32}, "GG-10");
        row("no name", "", {32}, "GG-10");
        row("long name", std::string(64, 'n').c_str(), {32}, "GG-10");
        row("no text", "\xFF", {32}, "GG-10");
        row("no dimensions", "t", {}, "GG-11");
        row("five dimensions", "t", {1, 1, 1, 1, 32}, "GG-11");
        row("zero", "t", {0, 32}, "GG-11");
        row("negative", "t", {-1, 32}, "GG-11");
        row("overflow", "t", {1LL << 40, 1LL << 40}, "GG-11");
        row("row of half a block", "t", {16}, "GG-12");
    }
    void aPlanThatNoFileCanHoldIsRefused() {
        QFETCH(QByteArray, name);
        QFETCH(QList<qint64>, shape);
        QFETCH(QByteArray, code);
        auto plan = somePlan();
        plan.push_back(planned(name.toStdString(), {shape.begin(), shape.end()}, kQ4_0));
        const TemporaryFolder folder;
        const auto writer = GgufWriter::create(systemFiles(), folder / "f.gguf", somePairs(), plan);
        QVERIFY(!writer);
        QVERIFY2(writer.error().code.text == code.toStdString(), writer.error().message.c_str());
        QCOMPARE(ggufFileBytes(somePairs(), plan).error().message, writer.error().message);
        QVERIFY(std::filesystem::is_empty(folder.path()));
    }

    void metadataThatNoFileCanHoldIsRefused() {
        const auto problemOf = [](auto add) {
            GgufPairs pairs = somePairs();
            add(pairs);
            const auto bytes = ggufFileBytes(pairs, {});
            return bytes ? std::string("none") : std::string(bytes.error().code.text);
        };
        QCOMPARE(problemOf([](GgufPairs&) {}), std::string("none"));
        QCOMPARE(problemOf([](GgufPairs& p) { p.add("number", 1.0F); }), std::string("GG-05"));
        QCOMPARE(problemOf([](GgufPairs& p) { p.add("", 1.0F); }), std::string("GG-05"));
        QCOMPARE(problemOf([](GgufPairs& p) { p.add(std::string(65536, 'k'), 1.0F); }), std::string("GG-05"));
        QCOMPARE(problemOf([](GgufPairs& p) { p.addText("k", "\xFF"); }), std::string("GG-06"));
        QCOMPARE(problemOf([](GgufPairs& p) { p.addTexts("k", {"a", "\xFF"}); }), std::string("GG-06"));
    }

    void onlyTheNextPlannedTensorIsTaken() {
        const TemporaryFolder folder;
        auto writer = GgufWriter::create(systemFiles(), folder / "f.gguf", somePairs(), somePlan());
        QVERIFY(writer);
        const std::vector<float> values = waves(64);
        const auto bytes = std::as_bytes(std::span(values));
        TensorInfo tensor = somePlan()[0].info();
        QCOMPARE((*writer)->write(tensor, bytes.first(4)).error().code, codes::kWriterPlan);
        tensor.dtype = DType::BF16;
        QCOMPARE((*writer)->write(tensor, bytes.first(128)).error().code, codes::kWriterPlan);
        QCOMPARE((*writer)->write(somePlan()[1].info(), bytes.first(12)).error().code, codes::kWriterPlan);
        QVERIFY((*writer)->write(somePlan()[0].info(), bytes));
        QCOMPARE((*writer)->finish().error().code, codes::kWriterPlan);
        writer->reset();
        QVERIFY(std::filesystem::is_empty(folder.path()));
    }

    void valuesThatAreNotFiniteAreRefusedByTheTensorsName() {
        const TemporaryFolder folder;
        auto writer = GgufWriter::create(systemFiles(), folder / "f.gguf", somePairs(), somePlan());
        std::vector<float> values = waves(64);
        values[40] = std::numeric_limits<float>::quiet_NaN();
        const auto written = (*writer)->write(somePlan()[0].info(), std::as_bytes(std::span(values)));
        QCOMPARE(written.error().code, codes::kExportCheck);
        QVERIFY(contains(written.error().message, "\"a\""));
    }

    void typesWithoutAPackerAreKnownAsSuch() { QVERIFY(findBlockType(kQ4_1)->encode == nullptr); }

    void aFailureAtAnyCallLeavesTheFileThatWasThere() {
        const TemporaryFolder complete;
        FaultFileLayer counting;
        QVERIFY(writeAll(counting, complete / "f.gguf", somePairs(), somePlan()));
        for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last flushes the folder's names
            const TemporaryFolder folder;
            writeBytes(folder / "f.gguf", "old");
            FaultFileLayer failing(call, call % 2 == 0 ? Fault::Short : Fault::IoError);
            QVERIFY2(!writeAll(failing, folder / "f.gguf", somePairs(), somePlan()),
                     std::to_string(call).c_str());
            QCOMPARE(readBytes(folder / "f.gguf"), std::string("old"));
        }
    }
};

QTEST_GUILESS_MAIN(TestGgufWriter)
#include "test_gguf_writer.moc"
