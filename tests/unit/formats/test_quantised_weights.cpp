// Matrices that bitsandbytes quantised, read as it reads them; files that pretend to be such.
#include <map>

#include <QtTest>

#include "core/error_codes.h"
#include "file_bytes.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "formats/bitsandbytes/quantised_values.h"
#include "formats/bitsandbytes/quantised_weights.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/tensor_values.h"

using namespace llamahome;
using namespace llamahome::formats;
using namespace llamahome::testing;

namespace {

/// Tensors in memory, which a test may change before they are read.
class MemorySource final : public TensorSource {
public:
    void put(const TensorInfo& info, std::string bytes) {
        const auto place = std::find_if(m_tensors.begin(), m_tensors.end(),
                                        [&](const TensorInfo& tensor) { return tensor.name == info.name; });
        if (place == m_tensors.end())
            m_tensors.push_back(info);
        else
            *place = info;
        m_bytes[info.name] = std::move(bytes);
    }
    void drop(std::string_view name) {
        std::erase_if(m_tensors, [&](const TensorInfo& tensor) { return tensor.name == name; });
    }
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override {
        const std::string& bytes = m_bytes.at(tensor.name);
        std::memcpy(out.data(), bytes.data(), out.size());
        return {};
    }
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

private:
    std::vector<TensorInfo> m_tensors;
    std::map<std::string, std::string> m_bytes;
};

std::unique_ptr<TensorSource> storedFixture() {
    return std::move(*SafetensorsReader::open(fixture("bitsandbytes.safetensors")));
}

std::unique_ptr<TensorSource> fixtureModel() {
    auto view = QuantisedWeights::over(storedFixture(), "model");
    if (!view) qFatal("%s", view.error().message.c_str());
    return std::move(*view);
}

/// What is stored of one matrix of the fixture, under the name "w.weight".
std::unique_ptr<MemorySource> oneMatrix(const std::string& kind) {
    auto stored = storedFixture();
    auto memory = std::make_unique<MemorySource>();
    const std::string module = kind + ".odd.";
    for (const TensorInfo& tensor : stored->tensors()) {
        if (!tensor.name.starts_with(module + "weight") && tensor.name != module + "SCB") continue;
        TensorInfo info = tensor;
        info.name = "w." + tensor.name.substr(module.size());
        memory->put(info, tensorBytes(*stored, tensor));
    }
    return memory;
}

constexpr const char* kState = "w.weight.quant_state.bitsandbytes__nf4";

/// The state of the matrix "odd" with `from` in its text replaced.
void changeState(MemorySource& source, const std::string& from, const std::string& to) {
    std::string text = tensorBytes(source, *source.find(kState));
    const std::size_t at = text.find(from);
    if (at == std::string::npos) qFatal("no %s in %s", from.c_str(), text.c_str());
    text.replace(at, from.size(), to);
    source.put({kState, DType::U8, {static_cast<std::int64_t>(text.size())}}, text);
}

std::vector<float> floats(TensorSource& source, const std::string& name) {
    return *readAsFloats(source, *source.find(name));
}

using Change = std::function<void(MemorySource&)>;

} // namespace

Q_DECLARE_METATYPE(Change)

class TestQuantisedWeights final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void valuesAreBitsandbytesOwn_data() {
        QTest::addColumn<QString>("name");
        for (const char* const name : {"many_blocks", "odd", "outliers", "half"})
            QTest::newRow(name) << name;
    }
    void valuesAreBitsandbytesOwn() {
        QFETCH(QString, name);
        const std::string matrix = name.toStdString();
        const auto model = fixtureModel();
        for (const std::string kind : {"nf4.", "plain.", "int8."}) {
            const TensorInfo& weight = *model->find(kind + matrix + ".weight");
            QCOMPARE(weight.shape, model->find(matrix + ".values")->shape);
            const auto expected = floats(*model, kind + matrix + ".as_float32");
            std::vector<float> values(expected.size());
            dequantise(model->quantised()->matrix(weight)->view, 0, values);
            QCOMPARE(values, expected);
        }
        for (const std::string kind : {"nf4.", "plain."}) {
            const TensorInfo& weight = *model->find(kind + matrix + ".weight");
            QCOMPARE(weight.dtype, model->find(matrix + ".values")->dtype);
            if (weight.dtype == DType::BF16)
                QVERIFY(tensorBytes(*model, weight) ==
                        tensorBytes(*model, *model->find(kind + matrix + ".as_bfloat16")));
        }
    }

    void aMatrixIsReadFromAnyElementOn() {
        const auto model = fixtureModel();
        const auto matrix = *model->quantised()->matrix(*model->find("nf4.odd.weight"));
        const QuantisedView& view = matrix.view;
        std::vector<float> whole(5 * 43);
        dequantise(view, 0, whole);
        std::vector<float> part(70);
        dequantise(view, 51, part);
        QCOMPARE(part, std::vector<float>(whole.begin() + 51, whole.begin() + 121));
    }

    void theBookOfScalesIsBitsandbytesOwn() {
        const auto stored = storedFixture();
        const auto book = floats(*stored, "nf4.many_blocks.weight.nested_quant_map");
        QCOMPARE(std::vector<float>(dynamicBook().begin(), dynamicBook().end()), book);
        const auto nf4 = floats(*stored, "nf4.many_blocks.weight.quant_map");
        QCOMPARE(nf4, std::vector<float>(std::begin(kNf4Book), std::end(kNf4Book)));
    }

    void partsOfAMatrixAreNotTensorsOfTheModel() {
        const auto view = QuantisedWeights::over(oneMatrix("nf4"), "model");
        QVERIFY(view);
        QCOMPARE((*view)->tensors().size(), std::size_t{1});
        QCOMPARE((*view)->quantised()->formatOf((*view)->tensors()[0]), std::optional(Quantisation::Nf4));
        QVERIFY((*view)->mapped((*view)->tensors()[0]).empty());
    }

    void aModelWithoutSuchMatricesStaysWhatItIs() {
        auto memory = std::make_unique<MemorySource>();
        memory->put({"w.weight", DType::F32, {2}}, std::string(8, '\0'));
        const TensorSource* const before = memory.get();
        const auto view = QuantisedWeights::over(std::move(memory), "model");
        QVERIFY(view && view->get() == before && before->tensors().size() == 1);
        QVERIFY((*view)->quantised() == nullptr);
    }

    void writtenPartsAreReadAgain_data() {
        QTest::addColumn<QString>("kind");
        QTest::newRow("NF4") << "nf4";
        QTest::newRow("int8") << "int8";
    }
    void writtenPartsAreReadAgain() {
        QFETCH(QString, kind);
        const auto view = QuantisedWeights::over(oneMatrix(kind.toStdString()), "model");
        const TensorInfo& weight = (*view)->tensors()[0];
        const auto matrix = (*view)->quantised()->matrix(weight);
        auto again = std::make_unique<MemorySource>();
        const auto parts = quantisedParts(weight, matrix->view.format);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            std::string text;
            const auto bytes = quantisedPartBytes(weight, matrix->view, i, text);
            QCOMPARE(bytes.size(), parts[i].byteSize());
            again->put(parts[i], {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        }
        const auto read = QuantisedWeights::over(std::move(again), "model");
        QVERIFY2(read, read ? "" : read.error().message.c_str());
        QVERIFY((*read)->tensors()[0].shape == weight.shape && (*read)->tensors()[0].dtype == weight.dtype);
        QVERIFY(tensorBytes(**read, (*read)->tensors()[0]) == tensorBytes(**view, weight));
    }

    void aBadMatrixIsRefusedByItsOwnCode_data();
    void aBadMatrixIsRefusedByItsOwnCode() {
        QFETCH(QString, kind);
        QFETCH(Change, change);
        QFETCH(QString, code);
        QFETCH(QString, named);
        auto memory = oneMatrix(kind.toStdString());
        change(*memory);
        const auto view = QuantisedWeights::over(std::move(memory), "model");
        QVERIFY(!view);
        QVERIFY2(view.error().code.text == code.toStdString(), view.error().message.c_str());
        QVERIFY2(contains(view.error().message, named.toStdString()), view.error().message.c_str());
    }

    void aConfigurationOfAnotherMethodIsRefused_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("named");
        QTest::newRow("no object") << "7"
                                   << "found \"7\"";
        QTest::newRow("GPTQ") << R"({"quant_method":"gptq","load_in_4bit":true})"
                              << "gptq";
        QTest::newRow("no method") << R"({"load_in_4bit":true})"
                                   << "quant_method";
        QTest::newRow("no width") << R"({"quant_method":"bitsandbytes"})"
                                  << "neither";
        QTest::newRow("both widths")
            << R"({"quant_method":"bitsandbytes","load_in_4bit":true,"load_in_8bit":true})"
            << "both";
        QTest::newRow("FP4 by default") << R"({"quant_method":"bitsandbytes","load_in_4bit":true})"
                                        << "fp4";
        QTest::newRow("codes as bfloat16")
            << R"({"quant_method":"bitsandbytes","load_in_4bit":true,"bnb_4bit_quant_type":"nf4",)"
               R"("bnb_4bit_quant_storage":"bfloat16"})"
            << "bnb_4bit_quant_storage";
    }
    void aConfigurationOfAnotherMethodIsRefused() {
        QFETCH(QString, text);
        QFETCH(QString, named);
        const auto format = parseQuantisationConfig(*parseJson(text.toStdString(), "x"), "config.json");
        QVERIFY(!format);
        QCOMPARE(format.error().code, codes::kModelUnsupported);
        QVERIFY2(contains(format.error().message, named.toStdString()), format.error().message.c_str());
    }

    void aWrittenConfigurationIsReadAgain() {
        for (const Quantisation format : {Quantisation::Int8, Quantisation::Nf4}) {
            const auto read = parseQuantisationConfig(quantisationConfigJson(format), "config.json");
            QVERIFY2(read && *read == format, read ? "another" : read.error().message.c_str());
        }
    }
};

void TestQuantisedWeights::aBadMatrixIsRefusedByItsOwnCode_data() {
    QTest::addColumn<QString>("kind");
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("code");
    QTest::addColumn<QString>("named");
    const auto row = [](const char* title, const char* kind, const char* code, const char* named,
                        Change change) {
        QTest::newRow(title) << kind << std::move(change) << code << named;
    };
    const auto drop = [](std::string name) {
        return Change([name = std::move(name)](MemorySource& source) { source.drop(name); });
    };
    const auto put = [](std::string name, DType type, std::vector<std::int64_t> shape) {
        return Change([=](MemorySource& source) {
            const TensorInfo info{name, type, shape};
            source.put(info, std::string(static_cast<std::size_t>(info.byteSize()), '\1'));
        });
    };
    const auto state = [](std::string from, std::string to) {
        return Change([=](MemorySource& source) { changeState(source, from, to); });
    };
    row("no codes", "nf4", "ST-42", "\"w.weight\"", drop("w.weight"));
    row("no scales", "nf4", "ST-42", "w.weight.absmax", drop("w.weight.absmax"));
    row("no nested scales", "nf4", "ST-42", "nested_absmax", drop("w.weight.nested_absmax"));
    row("no nested book", "nf4", "ST-42", "nested_quant_map", drop("w.weight.nested_quant_map"));
    row("no book", "nf4", "ST-42", "w.weight.quant_map", drop("w.weight.quant_map"));
    row("no state", "nf4", "ST-42", "quant_state", drop(kState));
    row("a state of a megabyte", "nf4", "ST-42", "4096", put(kState, DType::U8, {1 << 20}));
    row("too few codes", "nf4", "ST-41", "\"w.weight\"", put("w.weight", DType::U8, {107, 1}));
    row("codes as bfloat16", "nf4", "ST-41", "BF16", put("w.weight", DType::BF16, {54, 1}));
    row("too few scales", "nf4", "ST-41", "absmax", put("w.weight.absmax", DType::U8, {3}));
    row("scales that are not nested", "nf4", "ST-41", "F32", put("w.weight.absmax", DType::F32, {4}));
    row("nested scales that are not said", "plain", "ST-41", "U8", put("w.weight.absmax", DType::U8, {4}));
    row("another book", "nf4", "ARCH-02", "NF4", put("w.weight.quant_map", DType::F32, {16}));
    row("no JSON", "nf4", "JSON-01", "quant_state", put(kState, DType::U8, {12}));
    row("a list", "nf4", "ARCH-01", "object", [](MemorySource& source) {
        source.put({kState, DType::U8, {2}}, "[]");
    });
    row("FP4 by its state", "nf4", "ARCH-02", "fp4", state("\"nf4\"", "\"fp4\""));
    row("FP4 by its name", "nf4", "ARCH-02", "FP4",
        put("w.weight.quant_state.bitsandbytes__fp4", DType::U8, {4}));
    row("blocks of 32", "nf4", "ARCH-02", "32", state("\"blocksize\": 64", "\"blocksize\": 32"));
    row("blocks of none", "nf4", "ARCH-01", "blocksize", state("\"blocksize\": 64", "\"blocksize\": 0"));
    row("an unknown type", "nf4", "ARCH-02", "int4", state("\"float32\", \"shape\"", "\"int4\", \"shape\""));
    row("one extent", "nf4", "ARCH-01", "shape", state("[5, 43]", "[215]"));
    row("an extent below nothing", "nf4", "ARCH-01", "shape", state("[5, 43]", "[-5, -43]"));
    row("an extent beyond any file", "nf4", "ARCH-01", "shape", state("[5, 43]", "[4611686018427387904, 8]"));
    row("extents beyond the codes", "nf4", "ST-41", "\"w.weight\"",
        state("[5, 43]", "[2147483647, 2147483647]"));
    row("nested blocks of 64", "nf4", "ARCH-02", "64",
        state("\"nested_blocksize\": 256", "\"nested_blocksize\": 64"));
    row("nested scales as halves", "nf4", "ARCH-02", "float16",
        state("\"nested_dtype\": \"float32\"", "\"nested_dtype\": \"float16\""));
    row("an offset beyond fp32", "nf4", "ARCH-01", "nested_offset",
        state("\"nested_offset\": ", "\"nested_offset\": 1e300, \"was\": "));
    row("int8 without codes", "int8", "ST-41", "\"w.weight\"", drop("w.weight"));
    row("int8 without scales", "int8", "ST-42", "w.SCB", drop("w.SCB"));
    row("int8 with too few scales", "int8", "ST-41", "w.SCB", put("w.SCB", DType::F32, {4}));
    row("int8 in another order", "int8", "ARCH-02", "row by row", put("w.weight_format", DType::U8, {}));
    row("int8 of three dimensions", "int8", "ST-41", "\"w.weight\"", put("w.weight", DType::I8, {5, 43, 1}));
}

QTEST_APPLESS_MAIN(TestQuantisedWeights)
#include "test_quantised_weights.moc"
