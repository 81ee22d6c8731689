#include "formats/torch/state_dict.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/error_codes.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxRank = 8;
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::array<std::string_view, 2> kNestedNames{"model", "state_dict"};

const PickleDict* dictAt(const Pickled& pickled, PickleNodeId id) {
    return std::get_if<PickleDict>(&pickled.nodes[id]);
}

/// The dictionary of weights: the one at the root or one level below.
const PickleDict* weightsOf(const Pickled& pickled) {
    const PickleDict* const root = dictAt(pickled, pickled.root);
    if (root == nullptr) return nullptr;
    for (const auto& [key, value] : root->items) {
        const auto* const name = std::get_if<std::string_view>(&pickled.nodes[key]);
        const PickleDict* const nested = dictAt(pickled, value);
        if (name != nullptr && nested != nullptr &&
            std::find(kNestedNames.begin(), kNestedNames.end(), *name) != kNestedNames.end())
            return nested;
    }
    return root;
}

class Table {
public:
    explicit Table(const std::string& shownPath)
        : m_shownPath(shownPath) {}

    Result<void> add(std::string_view name, const PickledTensor& tensor);
    std::vector<StateDictTensor> take() { return std::move(m_tensors); }

private:
    Error wrong(ErrorCode code, const std::string& text) const {
        return Error{code, m_shownPath + ": " + text + "; get the file again"};
    }
    Error wrong(ErrorCode code, std::string_view name, const std::string& text) const {
        return wrong(code, "tensor " + quotedText(name) + " " + text);
    }

    Result<void> checkName(std::string_view name);
    Result<void> checkNumbers(std::string_view name, const PickledTensor& tensor) const;
    Result<std::uint64_t> elements(std::string_view name, const PickledTensor& tensor) const;
    Result<void> checkStrides(std::string_view name, const PickledTensor& tensor) const;
    Result<void> checkStorage(std::string_view name, const PickledStorage& storage);

    const std::string& m_shownPath;
    std::vector<StateDictTensor> m_tensors;
    std::set<std::string_view> m_names;
    std::map<std::string_view, PickledStorage> m_storages;
};

Result<void> Table::checkName(std::string_view name) {
    if (name.empty() || name.size() > kMaxNameBytes || !isPlainText(name))
        return wrong(codes::kStateDict,
                     "found the tensor name " + quotedText(name) + ", which is not allowed");
    if (!m_names.insert(name).second)
        return wrong(codes::kStateDict, "found the tensor name " + quotedText(name) + " twice");
    return {};
}

Result<void> Table::checkNumbers(std::string_view name, const PickledTensor& tensor) const {
    if (tensor.shape.size() != tensor.strides.size() || tensor.shape.size() > kMaxRank)
        return wrong(codes::kPickledTensorRank, name,
                     "has " + std::to_string(tensor.shape.size()) + " dimensions and " +
                         std::to_string(tensor.strides.size()) + " strides, expected as many, at most " +
                         std::to_string(kMaxRank));
    const auto isNegative = [](std::int64_t value) { return value < 0; };
    if (tensor.firstElement < 0 || std::any_of(tensor.shape.begin(), tensor.shape.end(), isNegative) ||
        std::any_of(tensor.strides.begin(), tensor.strides.end(), isNegative))
        return wrong(codes::kPickledTensor, name, "has a negative size, stride or offset");
    return {};
}

Result<std::uint64_t> Table::elements(std::string_view name, const PickledTensor& tensor) const {
    std::optional<std::uint64_t> count = 1;
    for (const std::int64_t size : tensor.shape)
        if (count) count = checkedMultiply(*count, static_cast<std::uint64_t>(size));
    const auto end =
        count ? checkedAdd(*count, static_cast<std::uint64_t>(tensor.firstElement)) : std::nullopt;
    if (!end) return wrong(codes::kPickledTensor, name, "has more elements than can be counted");
    if (*end > tensor.storage.elements)
        return wrong(codes::kPickledTensorBeyond, name,
                     "ends at element " + std::to_string(*end) + " of its storage, which has " +
                         std::to_string(tensor.storage.elements));
    return *count;
}

/// A dimension of one element may have any stride; nothing is said by it.
Result<void> Table::checkStrides(std::string_view name, const PickledTensor& tensor) const {
    std::int64_t expected = 1;
    for (std::size_t i = tensor.shape.size(); i-- > 0;) {
        if (tensor.shape[i] != 1 && tensor.strides[i] != expected)
            return wrong(codes::kPickledTensorStrides, name,
                         "has the shape " + shapeText(tensor.shape) + " and the strides " +
                             shapeText(tensor.strides) + ", expected rows that lie one after the other");
        expected *= tensor.shape[i];
    }
    return {};
}

Result<void> Table::checkStorage(std::string_view name, const PickledStorage& storage) {
    const auto known = m_storages.emplace(storage.key, storage).first;
    if (known->second.dtype != storage.dtype || known->second.elements != storage.elements)
        return wrong(codes::kStorageTypes, name,
                     "uses storage " + std::string(storage.key) + " as " + std::to_string(storage.elements) +
                         " elements of " + std::string(dtypeName(storage.dtype)) + ", another one as " +
                         std::to_string(known->second.elements) + " of " +
                         std::string(dtypeName(known->second.dtype)));
    return {};
}

Result<void> Table::add(std::string_view name, const PickledTensor& tensor) {
    if (auto checked = checkName(name); !checked) return checked;
    if (auto checked = checkNumbers(name, tensor); !checked) return checked;
    const auto count = elements(name, tensor);
    if (!count) return count.error();
    if (*count > 0)
        if (auto checked = checkStrides(name, tensor); !checked) return checked;
    if (auto checked = checkStorage(name, tensor.storage); !checked) return checked;
    const std::uint64_t width = elementBytes(tensor.storage.dtype);
    const auto bytes = checkedMultiply(tensor.storage.elements, width);
    if (!bytes) return wrong(codes::kPickledTensor, name, "has a storage that is larger than any file");
    m_tensors.push_back({{std::string(name), tensor.storage.dtype, tensor.shape},
                         tensor.storage.key,
                         *bytes,
                         static_cast<std::uint64_t>(tensor.firstElement) * width});
    return {};
}

} // namespace

Result<std::vector<StateDictTensor>> readStateDict(const Pickled& pickled, const std::string& shownPath) {
    const auto refuse = [&](const std::string& text) {
        return Error{codes::kStateDict, shownPath + ": " + text +
                                            ", expected names and their tensors; save "
                                            "the model's state dict where it was made"};
    };
    const PickleDict* const weights = weightsOf(pickled);
    if (weights == nullptr) return refuse("its pickle holds no dictionary");
    if (weights->items.empty()) return refuse("its dictionary is empty");
    Table table(shownPath);
    for (const auto& [key, value] : weights->items) {
        const auto* const name = std::get_if<std::string_view>(&pickled.nodes[key]);
        if (name == nullptr) return refuse("its dictionary has a key that is no text");
        const auto* const tensor = std::get_if<PickleTensorIndex>(&pickled.nodes[value]);
        if (tensor == nullptr) return refuse("under " + quotedText(*name) + " is no tensor");
        if (auto added = table.add(*name, pickled.tensors[tensor->index]); !added) return added.error();
    }
    return table.take();
}

} // namespace llamahome::formats
