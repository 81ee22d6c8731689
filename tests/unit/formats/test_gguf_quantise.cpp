// Packing into GGUF's blocks: the simple types to the bit as the reference, the others no worse than it.
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include <QtTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/gguf/gguf_blocks.h"
#include "formats/gguf/gguf_packing.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/tensor_values.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

const BlockType& typeNamed(std::string_view name) {
    std::uint32_t id = 0;
    while (blockTypeName(id) != name)
        ++id;
    return *findBlockType(id);
}

Result<std::vector<std::byte>> packed(std::string_view name, const std::vector<float>& values,
                                      const ParallelFor& parallel = {}) {
    const BlockType& type = typeNamed(name);
    std::vector<std::byte> bytes(values.size() / type.blockElements * type.blockBytes);
    if (auto done = packBlocks(type, values, bytes, parallel, "blk.0.t"); !done) return done.error();
    return bytes;
}

std::vector<float> unpacked(std::string_view name, const std::vector<std::byte>& bytes) {
    const BlockType& type = typeNamed(name);
    std::vector<float> values(bytes.size() / type.blockBytes * type.blockElements);
    type.decode(bytes.data(), bytes.size() / type.blockBytes, values.data());
    return values;
}

std::vector<float> fixtureValues() {
    const auto source = SafetensorsReader::open(fixture("quantiser_input.safetensors"));
    return *readAsFloats(**source, (*source)->tensors()[0]);
}

std::vector<float> referenceValues(const std::string& name) {
    const auto reader = GgufReader::open(fixture("quantised.gguf"));
    return *readAsFloats(**reader, *(*reader)->find(name));
}

/// Sum of squared differences of one row, each weighted as the published method weights it.
double squaredError(const std::vector<float>& found, const std::vector<float>& values, std::size_t first,
                    std::size_t count, bool isWeighted, bool isSigned) {
    constexpr std::size_t kSubBlock = 32;
    double sum = 0.0;
    for (std::size_t start = first; start < first + count; start += kSubBlock) {
        double squares = 0.0;
        for (std::size_t i = start; i < start + kSubBlock; ++i)
            squares += std::pow(static_cast<double>(values[i]), 2);
        const double spread = std::sqrt(squares / kSubBlock);
        for (std::size_t i = start; i < start + kSubBlock; ++i) {
            const double value = static_cast<double>(values[i]);
            const double weight = isSigned ? value * value : spread + std::abs(value);
            sum += (isWeighted ? weight : 1.0) * std::pow(static_cast<double>(found[i]) - value, 2);
        }
    }
    return sum;
}

} // namespace

class TestGgufQuantise final : public QObject {
    Q_OBJECT

    static void typeRows(std::initializer_list<const char*> names) {
        QTest::addColumn<QByteArray>("type");
        for (const char* name : names)
            QTest::newRow(name) << QByteArray(name);
    }

private Q_SLOTS:
    void simpleTypesArePackedAsTheReferenceDoesToTheBit_data() {
        typeRows({"F16", "BF16", "Q4_0", "Q5_0", "Q5_1", "Q8_0"});
    }
    void simpleTypesArePackedAsTheReferenceDoesToTheBit() {
        QFETCH(QByteArray, type);
        const std::string name = type.toStdString();
        const auto reader = GgufReader::open(fixture("quantised.gguf"));
        const auto bytes = packed(name, fixtureValues());
        QVERIFY2(bytes, bytes ? "" : bytes.error().message.c_str());
        const std::string file = readBytes(fixture("quantised.gguf"));
        const std::string ours(reinterpret_cast<const char*>(bytes->data()), bytes->size());
        QVERIFY((*reader)->find(name) != nullptr);
        QVERIFY(contains(file, ours));
    }

    void theVectorsOfTheReferenceManualAreMet() { // llama.md 8.3
        std::vector<float> sines;
        for (int i = 0; i < 32; ++i)
            sines.push_back(std::sin(static_cast<float>(i)));
        const auto startOf = [](const std::vector<std::byte>& bytes, std::size_t at, std::size_t count) {
            return QByteArray(reinterpret_cast<const char*>(bytes.data()) + at, static_cast<qsizetype>(count))
                .toHex();
        };
        QCOMPARE(startOf(*packed("Q8_0", sines), 0, 10), QByteArray("0820006b7312a086dd53"));
        QCOMPARE(startOf(*packed("Q4_0", sines), 0, 2), QByteArray("0030"));
        QCOMPARE(startOf(*packed("Q4_0", sines), 2, 8), QByteArray("680f2f99f2f0861d"));
    }

    void superBlocksHaveNoLargerErrorThanTheReferences_data() { typeRows({"Q4_K", "Q5_K", "Q6_K"}); }
    void superBlocksHaveNoLargerErrorThanTheReferences() {
        QFETCH(QByteArray, type);
        const std::string name = type.toStdString();
        constexpr std::size_t kRow = 768;
        const std::vector<float> values = fixtureValues();
        const std::vector<float> ours = unpacked(name, *packed(name, values));
        const std::vector<float> reference = referenceValues(name);
        QCOMPARE(ours.size(), reference.size());
        for (std::size_t first = 0; first < values.size(); first += kRow)
            for (const bool isWeighted : {true, false}) {
                const bool isSigned = name == "Q6_K";
                const double error = squaredError(ours, values, first, kRow, isWeighted, isSigned);
                const double theirs = squaredError(reference, values, first, kRow, isWeighted, isSigned);
                const std::string found = std::to_string(error) + " > " + std::to_string(theirs);
                QVERIFY2(error <= theirs, ("row " + std::to_string(first / kRow) + ": " + found).c_str());
            }
    }

    void zerosStayZeros_data() {
        typeRows({"F32", "F16", "BF16", "Q4_0", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"});
    }
    void zerosStayZeros() {
        QFETCH(QByteArray, type);
        const std::string name = type.toStdString();
        QCOMPARE(unpacked(name, *packed(name, std::vector<float>(512, 0.0F))), std::vector<float>(512, 0.0F));
    }

    void whatIsNotFiniteInTheTypeIsRefusedByTheTensorsName_data() {
        QTest::addColumn<QByteArray>("type");
        QTest::addColumn<float>("value");
        constexpr float kInfinity = std::numeric_limits<float>::infinity();
        for (const char* name :
             {"F32", "F16", "BF16", "Q4_0", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"})
            for (const float value : {kInfinity, -kInfinity, std::nanf(""), 3.4e38F})
                if (std::string_view(name) != "F32" || !std::isfinite(value))
                    QTest::newRow((std::string(name) + " " + std::to_string(value)).c_str())
                        << QByteArray(name) << value;
    }
    void whatIsNotFiniteInTheTypeIsRefusedByTheTensorsName() {
        QFETCH(QByteArray, type);
        QFETCH(float, value);
        for (const std::size_t place : {0U, 31U, 300U, 511U}) {
            std::vector<float> values(512, 0.5F);
            values[place] = value;
            const auto bytes = packed(type.toStdString(), values);
            QVERIFY(!bytes);
            QCOMPARE(bytes.error().code, codes::kExportCheck);
            QVERIFY(contains(bytes.error().message, "blk.0.t") &&
                    contains(bytes.error().message, type.toStdString()));
        }
    }

    void tinyValuesBecomeSmallOnes_data() {
        typeRows({"Q4_0", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"});
    }
    void tinyValuesBecomeSmallOnes() {
        QFETCH(QByteArray, type);
        for (const float value : {1e-45F, 1e-38F, 1e-20F, 1e-8F}) {
            std::vector<float> values(256, value);
            values[100] = -value;
            for (const float found : unpacked(type.toStdString(), *packed(type.toStdString(), values)))
                QVERIFY(std::abs(found) <= 1e-6F);
        }
    }

    void theBytesDoNotDependOnTheThreads() {
        std::vector<float> values;
        for (int i = 0; i < 256 * 1024; ++i)
            values.push_back(std::sin(static_cast<float>(i * 7 % 1013)));
        const ParallelFor backwards = [](std::size_t count, const std::function<void(std::size_t)>& work) {
            std::vector<std::thread> threads;
            while (count > 0) {
                const std::size_t index = --count;
                threads.emplace_back([&work, index] { work(index); });
            }
            for (std::thread& thread : threads)
                thread.join();
            return Result<void>();
        };
        QVERIFY(*packed("Q4_K", values) == *packed("Q4_K", values, backwards));
        const ParallelFor failing = [](std::size_t, const std::function<void(std::size_t)>&) {
            return Result<void>(Error{codes::kCancelled, "stopped"});
        };
        QCOMPARE(packed("Q4_K", values, failing).error().code, codes::kCancelled);
    }
};

QTEST_GUILESS_MAIN(TestGgufQuantise)
#include "test_gguf_quantise.moc"
