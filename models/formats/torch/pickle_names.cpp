#include "formats/torch/pickle_names.h"

#include <algorithm>
#include <array>

namespace llamahome::formats {
namespace {

struct AllowedName {
    std::string_view module;
    std::string_view name;
    PickleGlobal global;
};

constexpr AllowedName storage(std::string_view name, DType dtype) {
    return {"torch", name, {PickleName::Storage, dtype}};
}

constexpr std::array kAllowed{
    AllowedName{"collections", "OrderedDict", {PickleName::OrderedDict}},
    AllowedName{"torch._utils", "_rebuild_tensor_v2", {PickleName::RebuildTensor}},
    AllowedName{"torch._utils", "_rebuild_parameter", {PickleName::RebuildParameter}},
    storage("BFloat16Storage", DType::BF16),
    storage("HalfStorage", DType::F16),
    storage("FloatStorage", DType::F32),
    storage("DoubleStorage", DType::F64),
    storage("ByteStorage", DType::U8),
    storage("CharStorage", DType::I8),
    storage("ShortStorage", DType::I16),
    storage("IntStorage", DType::I32),
    storage("LongStorage", DType::I64),
    storage("BoolStorage", DType::Bool),
};

constexpr std::array<std::string_view, 18> kHostileModules{
    "os",    "posix",  "nt",      "subprocess", "sys",     "commands",  "socket", "shutil",     "pty",
    "runpy", "ctypes", "_pickle", "pickle",     "marshal", "importlib", "code",   "webbrowser", "pip"};
constexpr std::array<std::string_view, 8> kHostileBuiltins{"eval",       "exec", "compile",    "getattr",
                                                           "__import__", "open", "breakpoint", "input"};

struct NamedOpcode {
    std::uint8_t code;
    std::string_view name;
};

/// Those of pickletools.py that weights do not need.
constexpr std::array kRefused{
    NamedOpcode{'0', "POP"},          NamedOpcode{'1', "POP_MARK"},     NamedOpcode{'2', "DUP"},
    NamedOpcode{'I', "INT"},          NamedOpcode{'L', "LONG"},         NamedOpcode{'F', "FLOAT"},
    NamedOpcode{'S', "STRING"},       NamedOpcode{'T', "BINSTRING"},    NamedOpcode{'U', "SHORT_BINSTRING"},
    NamedOpcode{'V', "UNICODE"},      NamedOpcode{'B', "BINBYTES"},     NamedOpcode{'C', "SHORT_BINBYTES"},
    NamedOpcode{'P', "PERSID"},       NamedOpcode{'p', "PUT"},          NamedOpcode{'g', "GET"},
    NamedOpcode{'d', "DICT"},         NamedOpcode{'l', "LIST"},         NamedOpcode{'i', "INST"},
    NamedOpcode{'o', "OBJ"},          NamedOpcode{0x81, "NEWOBJ"},      NamedOpcode{0x82, "EXT1"},
    NamedOpcode{0x83, "EXT2"},        NamedOpcode{0x84, "EXT4"},        NamedOpcode{0x8b, "LONG4"},
    NamedOpcode{0x8d, "BINUNICODE8"}, NamedOpcode{0x8e, "BINBYTES8"},   NamedOpcode{0x8f, "EMPTY_SET"},
    NamedOpcode{0x90, "ADDITEMS"},    NamedOpcode{0x91, "FROZENSET"},   NamedOpcode{0x92, "NEWOBJ_EX"},
    NamedOpcode{0x96, "BYTEARRAY8"},  NamedOpcode{0x97, "NEXT_BUFFER"}, NamedOpcode{0x98, "READONLY_BUFFER"},
};

template <typename List>
bool contains(const List& list, std::string_view text) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

} // namespace

std::optional<PickleGlobal> findPickleGlobal(std::string_view module, std::string_view name) {
    for (const AllowedName& allowed : kAllowed)
        if (allowed.module == module && allowed.name == name) return allowed.global;
    return std::nullopt;
}

bool isHostileGlobal(std::string_view module, std::string_view name) {
    const std::string_view package = module.substr(0, module.find('.'));
    if (package == "builtins" || package == "__builtin__")
        return contains(kHostileBuiltins, name.substr(0, name.find('.')));
    return contains(kHostileModules, package);
}

std::string opcodeText(std::uint8_t opcode) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text = "opcode 0x";
    text += kDigits[opcode >> 4U];
    text += kDigits[opcode & 0xFU];
    for (const NamedOpcode& refused : kRefused)
        if (refused.code == opcode) text += " (" + std::string(refused.name) + ")";
    return text;
}

} // namespace llamahome::formats
