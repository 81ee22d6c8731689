// The tensors that bitsandbytes stores a quantised matrix as: their names, types, shapes and bytes
// (llama.md 6.8). Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/bitsandbytes/quantised_view.h"
#include "formats/tensor.h"

namespace llamahome::formats {

// What is put behind the name of a weight ("model.layers.0.mlp.up_proj.weight").
inline constexpr std::string_view kAbsmaxSuffix = ".absmax";
inline constexpr std::string_view kQuantMapSuffix = ".quant_map";
inline constexpr std::string_view kNestedAbsmaxSuffix = ".nested_absmax";
inline constexpr std::string_view kNestedQuantMapSuffix = ".nested_quant_map";
inline constexpr std::string_view kNf4StateSuffix = ".quant_state.bitsandbytes__nf4";
inline constexpr std::string_view kFp4StateSuffix = ".quant_state.bitsandbytes__fp4";
// What int8 has behind the name of a module, in the place of ".weight".
inline constexpr std::string_view kWeightSuffix = ".weight";
inline constexpr std::string_view kInt8ScalesSuffix = ".SCB";
inline constexpr std::string_view kInt8FormatSuffix = ".weight_format";

/// What the text of a `quant_state` says.
struct Nf4State {
    std::int64_t block = kNf4Block;
    DType dtype = DType::BF16; ///< of the matrix before it was quantised
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    bool isNested = false;
    float nestedOffset = 0.0F;
};

/// JSON-n; ARCH-02 for what is another format (FP4, blocks that are no multiple of 64); ARCH-01 for a field
/// that makes no sense. `what` names the tensor.
Result<Nf4State> parseNf4State(std::string_view text, const std::string& what);
/// Always of the same length: blanks follow, which a JSON reader passes over.
std::string writeNf4State(const Nf4State& state);

/// The stored tensors of `weight`, a matrix that is quantised with nested scales, wide types first.
std::vector<TensorInfo> quantisedParts(const TensorInfo& weight, Quantisation format);

/// The bytes of part `index` of them for a matrix that was quantised from `weight`: those of the view, or
/// `text`, which this fills.
std::span<const std::byte> quantisedPartBytes(const TensorInfo& weight, const QuantisedView& matrix,
                                              std::size_t index, std::string& text);

} // namespace llamahome::formats
