// libFuzzer's entry: one program a target, named by LLAMAHOME_FUZZ_TARGET when it is compiled.
#include <cstddef>
#include <cstdint>

#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const llamahome::fuzz::FuzzTarget& target = *llamahome::fuzz::findTarget(LLAMAHOME_FUZZ_TARGET);
    target.run(std::string_view(reinterpret_cast<const char*>(data), size));
    return 0;
}
