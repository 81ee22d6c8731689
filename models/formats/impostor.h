// Files that only bear a model file's name: pointers, web pages, error texts, other archives. Any thread.
#pragma once

#include <string_view>

#include "core/result.h"
#include "formats/input_file.h"

namespace llamahome::formats {

/// What the caller expects. In a text a web page, or what a server may say, can be the content itself.
enum class GenuineFile { Binary, Text };

/// Looks at the first bytes before any parser does. IM-1 Git LFS pointer, IM-4 empty, IM-5 only zeros, IM-6
/// another known format; of a binary file also IM-2 web page, IM-3 a server's error text. `wanted` is what
/// the caller can read: its name for the message ("safetensors", "GGUF"), whose own signature is never an
/// impostor.
Result<void> refuseImpostor(const InputFile& file, std::string_view wanted,
                            GenuineFile genuine = GenuineFile::Binary);

} // namespace llamahome::formats
