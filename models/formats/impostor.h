// Files that only bear a model file's name: pointers, web pages, error texts, other archives. Any thread.
#pragma once

#include <string_view>

#include "core/result.h"
#include "formats/input_file.h"

namespace llamahome::formats {

/// Looks at the first bytes before any parser does. IM-1 Git LFS pointer, IM-2 web page, IM-3 a server's
/// error text, IM-4 empty, IM-5 only zeros, IM-6 another known format. `wanted` is what the caller can read:
/// its name for the message ("safetensors", "GGUF"), whose own signature is never an impostor.
Result<void> refuseImpostor(const InputFile& file, std::string_view wanted);

} // namespace llamahome::formats
