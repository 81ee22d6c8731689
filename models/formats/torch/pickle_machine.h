// Reads the pickle of a PyTorch state dict without calling anything: names become enumerators, values become
// nodes of a table. Any thread.
//
// The opcodes and names are the few that weights need (pickletools.py; torch/_utils.py,
// torch/serialization.py). Whatever else a pickle asks for is refused by name: it could run a program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"
#include "formats/tensor.h"

namespace llamahome::formats {

/// The names that a pickle of weights may use.
enum class PickleName { OrderedDict, RebuildTensor, RebuildParameter, Storage };

/// One of PickleName; `dtype` is that of a Storage.
struct PickleGlobal {
    PickleName name = PickleName::OrderedDict;
    DType dtype = DType::F32;
};

/// Where a tensor's elements lie: the member data/KEY of the archive.
struct PickledStorage {
    std::string_view key; ///< letters and digits
    DType dtype = DType::F32;
    std::uint64_t elements = 0; ///< as the pickle says
};

/// A tensor as its pickle says; nothing is checked against its storage.
struct PickledTensor {
    PickledStorage storage;
    std::int64_t firstElement = 0; ///< in the storage
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides; ///< in elements
};

using PickleNodeId = std::uint32_t; ///< an index into Pickled::nodes

struct PickleTuple {
    std::vector<PickleNodeId> items;
};
struct PickleList {
    std::vector<PickleNodeId> items;
};
struct PickleDict {
    std::vector<std::pair<PickleNodeId, PickleNodeId>> items; ///< key and value
};
struct PickleTensorIndex {
    std::size_t index = 0; ///< into Pickled::tensors
};

/// None, and the rest of what a state dict is made of.
using PickleNode = std::variant<std::monostate, bool, std::int64_t, double, std::string_view, PickleTuple,
                                PickleList, PickleDict, PickleGlobal, PickledStorage, PickleTensorIndex>;

/// Everything a pickle describes. Texts are views into the bytes given to unpickle(). No value contains
/// itself, but a tuple may be part of many others.
struct Pickled {
    std::vector<PickleNode> nodes;
    std::vector<PickledTensor> tensors;
    PickleNodeId root = 0;
};

/// Reads one pickle of protocol 2 to 5, to its last byte. PT-01 … PT-16 say what was found at which byte;
/// `shownPath` names the file. Texts have 64 KiB at most, nesting 64 levels, the table a million nodes.
Result<Pickled> unpickle(std::span<const std::byte> bytes, const std::string& shownPath);

} // namespace llamahome::formats
