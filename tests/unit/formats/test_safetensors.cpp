// SafetensorsReader and SafetensorsWriter on good files: what the reference wrote is read, and written again
// alike.
#include <fstream>

#include <sys/stat.h>

#include <QtTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_writer.h"
#include "support/fault_file_layer.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

constexpr const char* kTwoTensors = R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                                    R"("a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";

Result<void> writeTwo(FileLayer& files, const std::filesystem::path& path) {
    const std::vector<TensorInfo> plan{{"x", DType::F32, {2}}, {"y", DType::U8, {3}}};
    auto writer = SafetensorsWriter::create(files, path, plan, {{"format", "pt"}});
    if (!writer) return writer.error();
    for (const TensorInfo& tensor : plan)
        if (auto done = (*writer)->write(tensor, std::vector<std::byte>(tensor.byteSize())); !done)
            return done;
    return (*writer)->finish();
}

std::size_t filesIn(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

} // namespace

class TestSafetensors final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theReferenceFileIsReadWithAllItsTypes() {
        auto reader = SafetensorsReader::open(fixture("all_types.safetensors"));
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        QCOMPARE((*reader)->metadata().at("format"), std::string("pt"));
        QCOMPARE((*reader)->tensors().size(), std::size_t{13});
        const TensorInfo* scalar = (*reader)->find("scalar");
        QVERIFY(scalar != nullptr && scalar->shape.empty());
        QCOMPARE(tensorBytes(**reader, *scalar), numberBytes(3.5F));
        const TensorInfo* longs = (*reader)->find("a.i64");
        QCOMPARE(tensorBytes(**reader, *longs),
                 numberBytes(std::int64_t{-1}) + numberBytes(std::int64_t{1} << 40));
        QCOMPARE((*reader)->find("empty")->byteSize(), std::uint64_t{0});
        QVERIFY((*reader)->find("größe \"π\" \\ 重み") != nullptr);
        QVERIFY((*reader)->find("absent") == nullptr);
    }

    void mappedBytesAreThoseThatAreRead() {
        auto reader = SafetensorsReader::open(fixture("all_types.safetensors"));
        QVERIFY(reader);
        std::size_t mapped = 0;
        for (const TensorInfo& tensor : (*reader)->tensors()) {
            const auto bytes = (*reader)->mapped(tensor);
            if (bytes.empty()) continue;
            ++mapped;
            const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            QVERIFY2(text == tensorBytes(**reader, tensor), tensor.name.c_str());
        }
        QCOMPARE(mapped, (*reader)->tensors().size() - 1); // all but the empty one
    }

    void ourWriterRepeatsTheReferenceFileByteForByte() {
        const TemporaryFolder folder;
        auto reader = SafetensorsReader::open(fixture("all_types.safetensors"));
        QVERIFY(reader);
        const auto plan = safetensorsOrder((*reader)->tensors());
        auto writer = SafetensorsWriter::create(systemFiles(), folder / "out", plan, (*reader)->metadata());
        QVERIFY(writer);
        for (const TensorInfo& tensor : plan) {
            const std::string bytes = tensorBytes(**reader, tensor);
            QVERIFY((*writer)->write(tensor, std::as_bytes(std::span(bytes))));
        }
        QVERIFY((*writer)->finish());
        QVERIFY(readBytes(folder / "out") == readBytes(fixture("all_types.safetensors")));
    }

    void legalButUnusualFilesAreAccepted_data() {
        QTest::addColumn<QByteArray>("header");
        QTest::addColumn<int>("dataBytes");
        QTest::addColumn<int>("tensors");
        QTest::newRow("no tensors") << QByteArray("{}") << 0 << 0;
        QTest::newRow("only metadata") << QByteArray(R"({"__metadata__":{"a":"b"}})") << 0 << 0;
        QTest::newRow("padded") << QByteArray("{}      ") << 0 << 0;
        QTest::newRow("names not in order of data") << QByteArray(kTwoTensors) << 11 << 2;
        QTest::newRow("white space inside")
            << QByteArray("{ \"a\" :\n{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}") << 1 << 1;
        QTest::newRow("zero dimensions at one offset")
            << QByteArray(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
                          R"("b":{"dtype":"F32","shape":[4,0],"data_offsets":[0,0]},)"
                          R"("c":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})")
            << 1 << 3;
    }
    void legalButUnusualFilesAreAccepted() {
        QFETCH(QByteArray, header);
        QFETCH(int, dataBytes);
        QFETCH(int, tensors);
        const TemporaryFolder folder;
        writeBytes(folder / "f", safetensorsBytes(header.toStdString(), static_cast<std::size_t>(dataBytes)));
        const auto reader = SafetensorsReader::open(folder / "f");
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        QCOMPARE((*reader)->tensors().size(), static_cast<std::size_t>(tensors));
    }

    void unalignedTensorsAreReadButNotMapped() {
        const TemporaryFolder folder;
        std::string header =
            R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"; // 54 bytes: data at 62
        writeBytes(folder / "f", safetensorsBytes(header, 0) + numberBytes(7.0F));
        auto reader = SafetensorsReader::open(folder / "f");
        QVERIFY(reader);
        QVERIFY((*reader)->mapped((*reader)->tensors()[0]).empty());
        QCOMPARE(tensorBytes(**reader, (*reader)->tensors()[0]), numberBytes(7.0F));
    }

    void aTensorBeyondFourGibibytesIsReachedWithoutReadingTheRest() {
        const TemporaryFolder folder;
        const std::string big = std::to_string((std::uint64_t{1} << 32) + 8);
        const std::string end = std::to_string((std::uint64_t{1} << 32) + 12);
        const std::string header = R"({"big":{"dtype":"U8","shape":[)" + big + R"(],"data_offsets":[0,)" +
                                   big + R"(]},"last":{"dtype":"F32","shape":[1],"data_offsets":[)" + big +
                                   "," + end + "]}}";
        writeBytes(folder / "f", safetensorsBytes(header, 0));
        std::filesystem::resize_file(folder / "f", 8 + header.size() + std::stoull(big)); // sparse
        std::ofstream(folder / "f", std::ios::binary | std::ios::app) << numberBytes(2.5F);
        auto reader = SafetensorsReader::open(folder / "f");
        QVERIFY2(reader, reader ? "" : reader.error().message.c_str());
        QCOMPARE(tensorBytes(**reader, *(*reader)->find("last")), numberBytes(2.5F));
    }

    void fiftyThousandTensorsAreFine() {
        const TemporaryFolder folder;
        std::vector<TensorInfo> plan;
        for (int i = 0; i < 50000; ++i)
            plan.push_back({"t" + std::to_string(i), DType::U8, {1}});
        auto writer = SafetensorsWriter::create(systemFiles(), folder / "f", plan, {});
        QVERIFY(writer);
        const std::vector<std::byte> one(1);
        for (const TensorInfo& tensor : plan)
            QVERIFY((*writer)->write(tensor, one));
        QVERIFY((*writer)->finish());
        const auto reader = SafetensorsReader::open(folder / "f");
        QVERIFY(reader);
        QCOMPARE((*reader)->tensors().size(), plan.size());
        QCOMPARE((*reader)->tensors()[49999].name, std::string("t49999"));
    }

    void aFileThatShrinksWhileItIsReadIsAnErrorAndNotACrash() {
        const TemporaryFolder folder;
        writeBytes(folder / "f", safetensorsBytes(kTwoTensors, 11));
        auto reader = SafetensorsReader::open(folder / "f");
        QVERIFY(reader);
        std::filesystem::resize_file(folder / "f", 20);
        const TensorInfo& tensor = (*reader)->tensors()[0];
        QVERIFY((*reader)->mapped(tensor).empty());
        std::vector<std::byte> bytes(tensor.byteSize());
        const auto read = (*reader)->read(tensor, bytes);
        QVERIFY(!read);
        QCOMPARE(read.error().code, codes::kFileChanged);
        QVERIFY(contains(read.error().message, (folder / "f").string()));
    }

    void aFileThatIsRewrittenWhileItIsReadIsAnError() {
        const TemporaryFolder folder;
        writeBytes(folder / "f", safetensorsBytes(kTwoTensors, 11));
        auto reader = SafetensorsReader::open(folder / "f");
        QVERIFY(reader);
        std::filesystem::last_write_time(folder / "f", std::filesystem::file_time_type{});
        std::vector<std::byte> bytes((*reader)->tensors()[0].byteSize());
        const auto read = (*reader)->read((*reader)->tensors()[0], bytes);
        QVERIFY(!read);
        QCOMPARE(read.error().code, codes::kFileChanged);
    }

    void pipesAndFoldersAreRefusedWithoutBeingOpened() {
        const TemporaryFolder folder;
        const std::string pipe = (folder / "pipe").string();
        QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
        QCOMPARE(SafetensorsReader::open(pipe).error().code, codes::kNotAFile);
        QCOMPARE(SafetensorsReader::open(folder.path()).error().code, codes::kNotAFile);
        QCOMPARE(SafetensorsReader::open(folder / "absent").error().code, codes::kFileNotFound);
    }

    void theWriterHoldsItsPlan() {
        const TemporaryFolder folder;
        const std::vector<TensorInfo> plan{{"x", DType::F32, {2}}, {"y", DType::U8, {3}}};
        auto writer = SafetensorsWriter::create(systemFiles(), folder / "f", plan, {});
        QVERIFY(writer);
        const std::vector<std::byte> bytes(8);
        QCOMPARE((*writer)->write(plan[1], bytes).error().code, codes::kWriterPlan);
        QVERIFY((*writer)->write(plan[0], bytes));
        const auto early = (*writer)->finish();
        QCOMPARE(early.error().code, codes::kWriterPlan);
        QVERIFY(!std::filesystem::exists(folder / "f"));
        const auto tooShort = (*writer)->write(plan[1], std::span(bytes).first(2));
        QVERIFY(contains(tooShort.error().message, "\"y\""));
    }

    void aPlanThatCannotBeAFileIsRefused() {
        const TemporaryFolder folder;
        const auto codeOf = [&](std::vector<TensorInfo> plan) {
            return SafetensorsWriter::create(systemFiles(), folder / "f", std::move(plan), {}).error().code;
        };
        constexpr std::int64_t kHuge = std::int64_t{1} << 62;
        QCOMPARE(codeOf({{"x", DType::U8, {1}}, {"x", DType::U8, {1}}}), codes::kWriterPlan);
        QCOMPARE(codeOf({{"x", DType::F32, {kHuge, 4}}}), codes::kWriterPlan);
        QCOMPARE(codeOf({{"x", DType::F32, {-1}}}), codes::kWriterPlan);
        QCOMPARE(codeOf({{"../x", DType::U8, {1}}}), codes::kStName);
        QCOMPARE(filesIn(folder.path()), std::size_t{0});
    }

    void whateverFailsWhileWritingTheOldFileStaysAndNothingElseIsLeft() {
        const TemporaryFolder folder;
        FaultFileLayer counting;
        QVERIFY(writeTwo(counting, folder / "f"));
        const std::string whole = readBytes(folder / "f");
        for (const Fault fault : {Fault::DiskFull, Fault::IoError, Fault::Short}) {
            for (std::uint64_t call = 1; call < counting.calls(); ++call) { // the last is the folder's flush
                writeBytes(folder / "f", "old");
                FaultFileLayer failing(call, fault);
                const auto written = writeTwo(failing, folder / "f");
                QVERIFY2(!written, std::to_string(call).c_str());
                QVERIFY(written.error().code == codes::kDiskFull ||
                        written.error().code == codes::kFileWrite);
                QCOMPARE(readBytes(folder / "f"), std::string("old"));
                QCOMPARE(filesIn(folder.path()), std::size_t{1});
            }
        }
        QVERIFY(writeTwo(systemFiles(), folder / "f"));
        QCOMPARE(readBytes(folder / "f"), whole);
    }
};

QTEST_GUILESS_MAIN(TestSafetensors)
#include "test_safetensors.moc"
