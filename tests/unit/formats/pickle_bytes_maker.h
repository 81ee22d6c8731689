// Pickles and files of torch.save() made opcode by opcode, so that a test can lie in any of them. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "file_bytes.h"
#include "zip_bytes.h"

namespace llamahome::testing {

inline std::string pickled(const std::string& opcodes) {
    return "\x80\x02" + opcodes + ".";
}
inline std::string textOp(const std::string& text) {
    return "X" + numberBytes(static_cast<std::uint32_t>(text.size())) + text;
}
inline std::string intOp(std::int64_t value) {
    return "\x8a\x08" + numberBytes(value);
}
inline std::string globalOp(const std::string& module, const std::string& name) {
    return "c" + module + "\n" + name + "\n";
}
inline std::string tupleOp(const std::vector<std::string>& items) {
    std::string ops = "(";
    for (const std::string& item : items)
        ops += item;
    return ops + "t";
}
inline std::string numbersOp(const std::vector<std::int64_t>& values) {
    std::vector<std::string> items;
    for (const std::int64_t value : values)
        items.push_back(intOp(value));
    return tupleOp(items);
}
inline const std::string kOrderedDictOp = globalOp("collections", "OrderedDict") + ")R";

/// A tensor as torch.save() describes it; honest as it is: 2 × 3 floats in storage "0".
struct PickledTensorFields {
    std::string kind = "storage";
    std::string type = globalOp("torch", "FloatStorage");
    std::string key = "0";
    std::int64_t elements = 6;
    std::int64_t offset = 0;
    std::vector<std::int64_t> shape = {2, 3};
    std::vector<std::int64_t> strides = {3, 1};

    std::string storageOp() const {
        return tupleOp({textOp(kind), type, textOp(key), textOp("cpu"), intOp(elements)}) + "Q";
    }
    std::string ops() const {
        return globalOp("torch._utils", "_rebuild_tensor_v2") +
               tupleOp({storageOp(), intOp(offset), numbersOp(shape), numbersOp(strides), "\x89",
                        kOrderedDictOp}) +
               "R";
    }
};

/// A dictionary with that one value.
inline std::string dictOp(const std::string& value, const std::string& key = textOp("w")) {
    return "}" + key + value + "s";
}

/// A file of torch.save() with that pickle, six floats as storage "0" and the members besides.
inline std::string torchFile(const std::string& pickle, const std::vector<ZipMember>& more = {},
                             const std::string& storage = std::string(24, '\x01')) {
    std::vector<ZipMember> members{storedMember("a/data.pkl", pickle), storedMember("a/data/0", storage)};
    members.insert(members.end(), more.begin(), more.end());
    return ZipBytes(members).bytes();
}

} // namespace llamahome::testing
