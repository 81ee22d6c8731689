#include "formats/torch/pickle_machine.h"

#include <algorithm>
#include <optional>

#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/torch/pickle_bytes.h"
#include "formats/torch/pickle_names.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxNodes = 1'000'000;
constexpr std::size_t kMaxNumbers = 64; ///< in a shape or strides; how many make sense is checked later
constexpr std::size_t kMaxKeyBytes = 64;
constexpr std::uint8_t kMaxDepth = 64;
constexpr std::uint8_t kOldestProtocol = 2;
constexpr std::uint8_t kNewestProtocol = 5;
constexpr std::string_view kUnread = "; save the model as .safetensors where it was made";
constexpr std::string_view kDistrust =
    ". It was not opened; delete it, and get the model from a source you trust";

/// The opcodes of pickletools.py that weights need.
enum Opcode : std::uint8_t {
    kMark = '(',
    kEmptyTuple = ')',
    kStop = '.',
    kBinFloat = 'G',
    kBinInt = 'J',
    kBinInt1 = 'K',
    kBinInt2 = 'M',
    kNone = 'N',
    kBinPersId = 'Q',
    kReduce = 'R',
    kBinUnicode = 'X',
    kEmptyList = ']',
    kAppend = 'a',
    kBuild = 'b',
    kGlobal = 'c',
    kAppends = 'e',
    kBinGet = 'h',
    kLongBinGet = 'j',
    kBinPut = 'q',
    kLongBinPut = 'r',
    kSetItem = 's',
    kTuple = 't',
    kSetItems = 'u',
    kEmptyDict = '}',
    kProto = 0x80,
    kTuple1 = 0x85,
    kTuple2 = 0x86,
    kTuple3 = 0x87,
    kNewTrue = 0x88,
    kNewFalse = 0x89,
    kLong1 = 0x8a,
    kShortBinUnicode = 0x8c,
    kStackGlobal = 0x93,
    kMemoize = 0x94,
    kFrame = 0x95,
};

bool isPlainKey(std::string_view key) {
    return !key.empty() && key.size() <= kMaxKeyBytes && std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    });
}

/// One pickle being read. After a failure every step does nothing.
class Machine {
public:
    Machine(std::span<const std::byte> bytes, const std::string& shownPath)
        : m_bytes(bytes, shownPath) {}

    Result<Pickled> run();

private:
    // The stack.
    void step(std::uint8_t opcode);
    void stepScalar(std::uint8_t opcode);
    void stepMemo(std::uint8_t opcode);
    void stepContainer(std::uint8_t opcode);
    void push(PickleNode node, std::uint8_t depth = 0);
    PickleNodeId pop();
    std::vector<PickleNodeId> popToMark();
    void memoPut(std::uint64_t index);
    void memoGet(std::uint64_t index);
    void tuple(std::vector<PickleNodeId> items);
    void tupleOf(std::size_t count);
    void append(const std::vector<PickleNodeId>& items);
    void setItems(const std::vector<PickleNodeId>& items);
    void putInto(PickleNodeId container, PickleNodeId item);
    void global(std::string_view module, std::string_view name);
    void stackGlobal();
    void persistentId();

    // Calls, which only ever make nodes.
    void reduce();
    void rebuildTensor(const PickleTuple& arguments);
    void rebuildParameter(const PickleTuple& arguments);
    void build();
    std::optional<std::vector<std::int64_t>> numbers(PickleNodeId id) const;
    bool isEmptyDict(PickleNodeId id) const;

    template <typename T>
    const T* as(PickleNodeId id) const {
        return m_bytes.failed() ? nullptr : std::get_if<T>(&m_pickled.nodes[id]);
    }
    void fail(ErrorCode code, const std::string& what, std::string_view next = kPickleDamagedNext) {
        m_bytes.fail(code, what, next);
    }

    PickleBytes m_bytes;
    Pickled m_pickled;
    std::vector<std::uint8_t> m_depths; ///< of each node: 0 for a scalar
    std::vector<PickleNodeId> m_stack;
    std::vector<std::size_t> m_marks; ///< heights of the stack
    std::vector<std::optional<PickleNodeId>> m_memo;
};

void Machine::push(PickleNode node, std::uint8_t depth) {
    if (m_bytes.failed()) return;
    if (m_pickled.nodes.size() == kMaxNodes)
        return fail(codes::kPickleBudget,
                    "found more than " + std::to_string(kMaxNodes) + " values, which no model needs");
    if (depth > kMaxDepth)
        return fail(codes::kPickleDepth,
                    "found more than " + std::to_string(kMaxDepth) + " values in each other");
    m_stack.push_back(static_cast<PickleNodeId>(m_pickled.nodes.size()));
    m_pickled.nodes.push_back(std::move(node));
    m_depths.push_back(depth);
}

PickleNodeId Machine::pop() {
    if (m_bytes.failed()) return 0;
    if (m_stack.empty() || (!m_marks.empty() && m_stack.size() == m_marks.back())) {
        fail(codes::kPickleDamaged, "found an operation on a value that is not there");
        return 0;
    }
    const PickleNodeId id = m_stack.back();
    m_stack.pop_back();
    return id;
}

std::vector<PickleNodeId> Machine::popToMark() {
    if (m_bytes.failed()) return {};
    if (m_marks.empty()) {
        fail(codes::kPickleDamaged, "found the end of a list without its beginning");
        return {};
    }
    const auto begin = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    std::vector<PickleNodeId> items(begin, m_stack.end());
    m_stack.erase(begin, m_stack.end());
    m_marks.pop_back();
    return items;
}

/// Python's pickler numbers its values one after the other.
void Machine::memoPut(std::uint64_t index) {
    const PickleNodeId id = pop();
    if (m_bytes.failed()) return;
    m_stack.push_back(id);
    if (index > m_pickled.nodes.size())
        return fail(codes::kPickleDamaged, "found " + std::to_string(index) +
                                               " as the number of a value, expected at most " +
                                               std::to_string(m_pickled.nodes.size()));
    if (index >= m_memo.size()) m_memo.resize(static_cast<std::size_t>(index) + 1);
    m_memo[static_cast<std::size_t>(index)] = id;
}

/// A container is not handed out a second time: it could be put into itself.
void Machine::memoGet(std::uint64_t index) {
    if (m_bytes.failed()) return;
    if (index >= m_memo.size() || !m_memo[static_cast<std::size_t>(index)])
        return fail(codes::kPickleDamaged,
                    "found a reference to value " + std::to_string(index) + ", which is not there");
    const PickleNodeId id = *m_memo[static_cast<std::size_t>(index)];
    if (as<PickleList>(id) != nullptr || as<PickleDict>(id) != nullptr)
        return fail(codes::kPickleCycle, "found a list or dictionary that is used twice", kUnread);
    if (m_stack.size() == kMaxNodes) return fail(codes::kPickleBudget, "found too many values in a row");
    m_stack.push_back(id);
}

void Machine::tuple(std::vector<PickleNodeId> items) {
    if (m_bytes.failed()) return;
    std::uint8_t depth = 0;
    for (const PickleNodeId item : items)
        depth = std::max(depth, m_depths[item]);
    push(PickleTuple{std::move(items)}, depth + 1);
}

void Machine::tupleOf(std::size_t count) {
    std::vector<PickleNodeId> items(count);
    std::generate(items.rbegin(), items.rend(), [this] { return pop(); });
    tuple(std::move(items));
}

/// Tells the container how deep its content is. Nobody else holds the container yet.
void Machine::putInto(PickleNodeId container, PickleNodeId item) {
    const auto depth = static_cast<std::uint8_t>(m_depths[item] + 1);
    m_depths[container] = std::max(m_depths[container], depth);
    if (depth > kMaxDepth)
        fail(codes::kPickleDepth, "found more than " + std::to_string(kMaxDepth) + " values in each other");
}

void Machine::append(const std::vector<PickleNodeId>& items) {
    const PickleNodeId id = pop();
    if (m_bytes.failed()) return;
    auto* const list = std::get_if<PickleList>(&m_pickled.nodes[id]);
    if (list == nullptr) return fail(codes::kPickleItems, "found an item for something that is no list");
    m_stack.push_back(id);
    for (const PickleNodeId item : items) {
        list->items.push_back(item);
        putInto(id, item);
    }
}

void Machine::setItems(const std::vector<PickleNodeId>& items) {
    const PickleNodeId id = pop();
    if (m_bytes.failed()) return;
    auto* const dict = std::get_if<PickleDict>(&m_pickled.nodes[id]);
    if (dict == nullptr || items.size() % 2 != 0)
        return fail(codes::kPickleItems, "found a key and value for something that is no dictionary");
    m_stack.push_back(id);
    for (std::size_t i = 0; i < items.size(); i += 2) {
        dict->items.emplace_back(items[i], items[i + 1]);
        putInto(id, items[i]);
        putInto(id, items[i + 1]);
    }
}

void Machine::global(std::string_view module, std::string_view name) {
    if (m_bytes.failed()) return;
    if (const auto known = findPickleGlobal(module, name)) return push(*known);
    const std::string shown = quotedText(std::string(module) + "." + std::string(name));
    if (isHostileGlobal(module, name))
        return fail(codes::kPickleHostile, "asks to run " + shown + ": this file tries to execute a program",
                    kDistrust);
    fail(codes::kPickleGlobal, "found the name " + shown + ", which no weights need", kUnread);
}

void Machine::stackGlobal() {
    const PickleNodeId name = pop();
    const PickleNodeId module = pop();
    const auto* const nameText = as<std::string_view>(name);
    const auto* const moduleText = as<std::string_view>(module);
    if (nameText == nullptr || moduleText == nullptr)
        return fail(codes::kPickleComputedName, "found a name that is not spelled out", kDistrust);
    global(*moduleText, *nameText);
}

/// ("storage", its type, key, device, number of elements) stands for a member of the archive.
void Machine::persistentId() {
    const PickleNodeId id = pop();
    const auto* const parts = as<PickleTuple>(id);
    const auto* const kind =
        parts != nullptr && parts->items.size() == 5 ? as<std::string_view>(parts->items[0]) : nullptr;
    const auto* const type = kind != nullptr ? as<PickleGlobal>(parts->items[1]) : nullptr;
    const auto* const key = kind != nullptr ? as<std::string_view>(parts->items[2]) : nullptr;
    const auto* const device = kind != nullptr ? as<std::string_view>(parts->items[3]) : nullptr;
    const auto* const elements = kind != nullptr ? as<std::int64_t>(parts->items[4]) : nullptr;
    if (kind == nullptr || *kind != "storage" || type == nullptr || type->name != PickleName::Storage ||
        key == nullptr || device == nullptr || elements == nullptr || *elements < 0)
        return fail(codes::kStorageId, "found a reference to something that is no storage of a tensor");
    if (!isPlainKey(*key))
        return fail(codes::kStorageKey,
                    "found a storage named " + quotedText(*key) + ", expected letters and digits");
    push(PickledStorage{*key, type->dtype, static_cast<std::uint64_t>(*elements)});
}

std::optional<std::vector<std::int64_t>> Machine::numbers(PickleNodeId id) const {
    const auto* const parts = as<PickleTuple>(id);
    if (parts == nullptr || parts->items.size() > kMaxNumbers) return std::nullopt;
    std::vector<std::int64_t> values;
    for (const PickleNodeId part : parts->items) {
        const auto* const value = as<std::int64_t>(part);
        if (value == nullptr) return std::nullopt;
        values.push_back(*value);
    }
    return values;
}

bool Machine::isEmptyDict(PickleNodeId id) const {
    const auto* const dict = as<PickleDict>(id);
    return dict != nullptr && dict->items.empty();
}

/// (storage, first element, shape, strides, requires_grad, hooks[, metadata])
void Machine::rebuildTensor(const PickleTuple& arguments) {
    const std::vector<PickleNodeId>& items = arguments.items;
    const bool hasForm = items.size() == 6 || items.size() == 7;
    const auto* const storage = hasForm ? as<PickledStorage>(items[0]) : nullptr;
    const auto* const first = hasForm ? as<std::int64_t>(items[1]) : nullptr;
    auto shape = hasForm ? numbers(items[2]) : std::nullopt;
    auto strides = hasForm ? numbers(items[3]) : std::nullopt;
    if (storage == nullptr || first == nullptr || !shape || !strides || !isEmptyDict(items[5]))
        return fail(codes::kPickleCall, "found a tensor whose description is none");
    m_pickled.tensors.push_back({*storage, *first, std::move(*shape), std::move(*strides)});
    push(PickleTensorIndex{m_pickled.tensors.size() - 1});
}

/// (tensor, requires_grad, hooks): the tensor.
void Machine::rebuildParameter(const PickleTuple& arguments) {
    const std::vector<PickleNodeId>& items = arguments.items;
    const auto* const tensor = items.size() == 3 ? as<PickleTensorIndex>(items[0]) : nullptr;
    if (tensor == nullptr || !isEmptyDict(items[2]))
        return fail(codes::kPickleCall, "found a parameter that holds no tensor");
    push(*tensor);
}

void Machine::reduce() {
    const PickleNodeId argumentsId = pop();
    const PickleNodeId calledId = pop();
    const auto* const called = as<PickleGlobal>(calledId);
    const auto* const found = as<PickleTuple>(argumentsId);
    if (called == nullptr || found == nullptr)
        return fail(codes::kPickleCall, "found a call of something that is no name", kDistrust);
    if (found->items.size() > kMaxNumbers)
        return fail(codes::kPickleCall,
                    "found a call with " + std::to_string(found->items.size()) + " arguments");
    const PickleTuple arguments = *found; // pushing moves the nodes
    switch (called->name) {
    case PickleName::OrderedDict:
        if (!arguments.items.empty())
            return fail(codes::kPickleCall, "found an OrderedDict made with arguments", kUnread);
        return push(PickleDict{}, 1);
    case PickleName::RebuildTensor:
        return rebuildTensor(arguments);
    case PickleName::RebuildParameter:
        return rebuildParameter(arguments);
    case PickleName::Storage:
        return fail(codes::kPickleCall, "found a call of a storage's type", kUnread);
    }
}

/// torch.nn.Module leaves `_metadata` at its OrderedDict; it says nothing about the weights.
void Machine::build() {
    const PickleNodeId state = pop();
    const PickleNodeId target = pop();
    if (as<PickleDict>(target) == nullptr || as<PickleDict>(state) == nullptr)
        return fail(codes::kPickleOpcode, "found a state for something that is no dictionary", kUnread);
    m_stack.push_back(target);
}

void Machine::stepScalar(std::uint8_t opcode) {
    switch (opcode) {
    case kNone:
        return push(std::monostate{});
    case kNewTrue:
        return push(true);
    case kNewFalse:
        return push(false);
    case kBinInt:
        return push(std::int64_t{m_bytes.number<std::int32_t>()});
    case kBinInt1:
        return push(std::int64_t{m_bytes.number<std::uint8_t>()});
    case kBinInt2:
        return push(std::int64_t{m_bytes.number<std::uint16_t>()});
    case kLong1:
        return push(m_bytes.longNumber());
    case kBinFloat:
        return push(m_bytes.bigEndianDouble());
    case kBinUnicode:
        return push(m_bytes.text(m_bytes.number<std::uint32_t>()));
    case kShortBinUnicode:
        return push(m_bytes.text(m_bytes.number<std::uint8_t>()));
    default:
        fail(codes::kPickleOpcode, "found " + opcodeText(opcode) + ", which no weights need", kUnread);
    }
}

void Machine::stepMemo(std::uint8_t opcode) {
    switch (opcode) {
    case kBinPut:
        return memoPut(m_bytes.number<std::uint8_t>());
    case kLongBinPut:
        return memoPut(m_bytes.number<std::uint32_t>());
    case kMemoize:
        return memoPut(m_memo.size());
    case kBinGet:
        return memoGet(m_bytes.number<std::uint8_t>());
    case kLongBinGet:
        return memoGet(m_bytes.number<std::uint32_t>());
    default:
        stepScalar(opcode);
    }
}

void Machine::stepContainer(std::uint8_t opcode) {
    switch (opcode) {
    case kMark:
        if (m_marks.size() == kMaxNodes) return fail(codes::kPickleBudget, "found too many unfinished lists");
        return m_marks.push_back(m_stack.size());
    case kEmptyTuple:
        return push(PickleTuple{}, 1);
    case kEmptyList:
        return push(PickleList{}, 1);
    case kEmptyDict:
        return push(PickleDict{}, 1);
    case kTuple:
        return tuple(popToMark());
    case kTuple1:
    case kTuple2:
    case kTuple3:
        return tupleOf(opcode - kTuple1 + 1U);
    case kAppend:
        return append({pop()});
    case kAppends:
        return append(popToMark());
    case kSetItem: {
        const PickleNodeId value = pop();
        const PickleNodeId key = pop();
        return setItems({key, value});
    }
    case kSetItems:
        return setItems(popToMark());
    default:
        stepMemo(opcode);
    }
}

void Machine::step(std::uint8_t opcode) {
    switch (opcode) {
    case kGlobal: {
        const std::string_view module = m_bytes.line();
        const std::string_view name = m_bytes.line();
        return global(module, name);
    }
    case kStackGlobal:
        return stackGlobal();
    case kBinPersId:
        return persistentId();
    case kReduce:
        return reduce();
    case kBuild:
        return build();
    case kFrame:
        if (m_bytes.number<std::uint64_t>() > m_bytes.left())
            fail(codes::kPickleLength, "found a frame that is longer than the pickle");
        return;
    default:
        stepContainer(opcode);
    }
}

Result<Pickled> Machine::run() {
    if (m_bytes.number<std::uint8_t>() != kProto) fail(codes::kPickleDamaged, "found no pickle");
    const auto protocol = m_bytes.number<std::uint8_t>();
    if (protocol < kOldestProtocol || protocol > kNewestProtocol)
        fail(codes::kPickleDamaged, "found protocol " + std::to_string(protocol) + ", expected 2 to 5");
    while (true) {
        const std::uint8_t opcode = m_bytes.opcode();
        if (m_bytes.failed()) return m_bytes.error();
        if (opcode == kStop) break;
        step(opcode);
    }
    m_pickled.root = pop();
    if (!m_stack.empty() || !m_marks.empty())
        fail(codes::kPickleDamaged, "found values that belong to nothing");
    if (m_bytes.left() > 0)
        fail(codes::kPickleEnd, "found " + std::to_string(m_bytes.left()) + " bytes after its end");
    if (m_bytes.failed()) return m_bytes.error();
    return std::move(m_pickled);
}

} // namespace

Result<Pickled> unpickle(std::span<const std::byte> bytes, const std::string& shownPath) {
    return Machine(bytes, shownPath).run();
}

} // namespace llamahome::formats
