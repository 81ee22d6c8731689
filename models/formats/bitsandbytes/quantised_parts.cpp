#include "formats/bitsandbytes/quantised_parts.h"

#include <array>
#include <cmath>

#include "core/error_codes.h"
#include "core/json.h"
#include "formats/bitsandbytes/quantised_values.h"
#include "formats/file_text.h"
#include "formats/hub/config_fields.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kStateBytes = 256;
constexpr std::int64_t kLargestBlock = 4096;
constexpr std::int64_t kLargestExtent = std::int64_t{1} << 31;
constexpr std::uint8_t kRowFormat = 0; ///< of int8: codes lie row by row

struct TypeName {
    DType type;
    std::string_view name;
};
constexpr std::array kTypeNames{TypeName{DType::BF16, "bfloat16"}, TypeName{DType::F16, "float16"},
                                TypeName{DType::F32, "float32"}};

Error unsupported(const std::string& what, const std::string& found, const std::string& expected) {
    return Error{codes::kModelUnsupported,
                 what + ": found " + found + ", LlamaHome reads " + expected + "; get the model unquantised"};
}

Error wrong(const std::string& what, const std::string& found) {
    return Error{codes::kModelConfigValue, what + ": " + found + "; get the model again"};
}

std::int64_t blocksOf(const TensorInfo& weight) {
    return (static_cast<std::int64_t>(weight.elementCount()) + kNf4Block - 1) / kNf4Block;
}

std::string moduleOf(const std::string& weight) {
    return weight.substr(0, weight.size() - kWeightSuffix.size());
}

Result<void> readShape(const Json& json, const std::string& what, Nf4State& state) {
    const auto shape = json.find("shape");
    const auto isExtent = [](const Json& value) {
        return value.is_number_unsigned() && value.get<std::uint64_t>() > 0 &&
               value.get<std::uint64_t>() < static_cast<std::uint64_t>(kLargestExtent);
    };
    if (shape == json.end() || !shape->is_array() || shape->size() != 2 || !isExtent((*shape)[0]) ||
        !isExtent((*shape)[1]))
        return wrong(what, "found no shape of two extents, expected that of the matrix");
    state.rows = (*shape)[0].get<std::int64_t>();
    state.columns = (*shape)[1].get<std::int64_t>();
    return {};
}

Result<void> readNested(const ConfigFields& fields, const std::string& what, Nf4State& state) {
    if (!fields.has("nested_blocksize") && !fields.has("nested_offset")) return {};
    state.isNested = true;
    if (const auto block = fields.size("nested_blocksize", 0, kLargestBlock); block != kNestedBlock)
        return unsupported(what, "nested blocks of " + std::to_string(block), "blocks of 256");
    if (const std::string type = fields.text("nested_dtype", "float32"); type != "float32")
        return unsupported(what, "nested scales of type " + quotedText(type), "float32");
    const auto offset = fields.json().find("nested_offset");
    if (offset == fields.json().end() || !offset->is_number() ||
        !std::isfinite(static_cast<float>(offset->get<double>())))
        return wrong(what, "found no nested_offset that is a finite number");
    state.nestedOffset = static_cast<float>(offset->get<double>());
    return {};
}

} // namespace

Result<Nf4State> parseNf4State(std::string_view text, const std::string& what) {
    const auto json = parseJson(text, what);
    if (!json) return json.error();
    if (!json->is_object()) return wrong(what, "expected a JSON object");
    const ConfigFields fields(*json, what);
    Nf4State state;
    if (const std::string type = fields.text("quant_type", ""); type != "nf4")
        return unsupported(what, "quant_type " + quotedText(type), "nf4");
    state.block = fields.size("blocksize", 0, kLargestBlock);
    if (fields.problem()) return *fields.problem();
    if (state.block == 0 || state.block % kNf4Block != 0)
        return unsupported(what, "blocks of " + std::to_string(state.block), "multiples of 64");
    const std::string dtype = fields.text("dtype", "");
    if (fields.problem()) return *fields.problem();
    bool isKnown = false;
    for (const TypeName& row : kTypeNames)
        if (row.name == dtype) {
            state.dtype = row.type;
            isKnown = true;
        }
    if (!isKnown) return unsupported(what, "dtype " + quotedText(dtype), "bfloat16, float16 and float32");
    if (auto shape = readShape(*json, what, state); !shape) return shape.error();
    if (auto nested = readNested(fields, what, state); !nested) return nested.error();
    if (fields.problem()) return *fields.problem();
    return state;
}

std::string writeNf4State(const Nf4State& state) {
    Json json{{"quant_type", "nf4"}, {"blocksize", state.block}};
    for (const TypeName& row : kTypeNames)
        if (row.type == state.dtype) json["dtype"] = row.name;
    json["shape"] = {state.rows, state.columns};
    if (state.isNested) {
        json["nested_blocksize"] = kNestedBlock;
        json["nested_dtype"] = "float32";
        json["nested_offset"] = static_cast<double>(state.nestedOffset);
    }
    std::string text = writeJsonLine(json);
    text.resize(kStateBytes, ' ');
    return text;
}

std::vector<TensorInfo> quantisedParts(const TensorInfo& weight, Quantisation format) {
    const auto elements = static_cast<std::int64_t>(weight.elementCount());
    if (format == Quantisation::Int8) {
        const std::string module = moduleOf(weight.name);
        return {{module + std::string(kInt8ScalesSuffix), DType::F32, {weight.shape[0]}},
                {weight.name, DType::I8, weight.shape},
                {module + std::string(kInt8FormatSuffix), DType::U8, {}}};
    }
    const std::int64_t blocks = blocksOf(weight);
    const auto named = [&](std::string_view suffix) { return weight.name + std::string(suffix); };
    return {{named(kNestedAbsmaxSuffix), DType::F32, {(blocks + kNestedBlock - 1) / kNestedBlock}},
            {named(kNestedQuantMapSuffix), DType::F32, {256}},
            {named(kQuantMapSuffix), DType::F32, {16}},
            {weight.name, DType::U8, {(elements + 1) / 2, 1}},
            {named(kAbsmaxSuffix), DType::U8, {blocks}},
            {named(kNf4StateSuffix), DType::U8, {static_cast<std::int64_t>(kStateBytes)}}};
}

std::span<const std::byte> quantisedPartBytes(const TensorInfo& weight, const QuantisedView& matrix,
                                              std::size_t index, std::string& text) {
    const TensorInfo part = quantisedParts(weight, matrix.format)[index];
    const auto bytes = static_cast<std::size_t>(part.byteSize());
    const auto at = [&](const void* from) { return std::span(static_cast<const std::byte*>(from), bytes); };
    if (part.name == weight.name) return at(matrix.codes);
    if (part.name.ends_with(kInt8ScalesSuffix)) return at(matrix.absmax);
    if (part.name.ends_with(kNestedAbsmaxSuffix)) return at(matrix.nestedAbsmax);
    if (part.name.ends_with(kNestedQuantMapSuffix)) return at(matrix.nestedBook);
    if (part.name.ends_with(kQuantMapSuffix)) return at(kNf4Book);
    if (part.name.ends_with(kAbsmaxSuffix)) return at(matrix.absmaxCodes);
    if (part.name.ends_with(kInt8FormatSuffix)) return at(&kRowFormat);
    text =
        writeNf4State({matrix.block, weight.dtype, matrix.rows, matrix.columns, true, matrix.nestedOffset});
    return std::as_bytes(std::span(text));
}

} // namespace llamahome::formats
