// What the pickle of weights may name, and what the names are that it may not. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "formats/torch/pickle_machine.h"

namespace llamahome::formats {

/// The name that weights may use, or nothing for any other.
std::optional<PickleGlobal> findPickleGlobal(std::string_view module, std::string_view name);

/// True for names that run programs or fetch what does: os.system, builtins.eval.
bool isHostileGlobal(std::string_view module, std::string_view name);

/// "opcode 0x81 (NEWOBJ)" for messages.
std::string opcodeText(std::uint8_t opcode);

} // namespace llamahome::formats
