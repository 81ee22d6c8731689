// A GGUF file, or all the parts of one that was divided (NAME-00001-of-00003.gguf). Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/result.h"
#include "formats/gguf/gguf_header.h"
#include "formats/input_file.h"

namespace llamahome::formats {

struct GgufPart {
    std::unique_ptr<InputFile> file;
    GgufHeader header;
};

/// Opens and checks `path` and, where its metadata names it a part (split.count, split.no), its siblings, in
/// the order of their numbers; the first one has the metadata of the model. Beside the errors of
/// parseGgufHeader(): IM-n for what only bears the name, FILE-01 names a part that is missing, GG-16 parts
/// that do not belong together, GG-10 a tensor in two parts.
Result<std::vector<GgufPart>> openGgufParts(const std::filesystem::path& path);

} // namespace llamahome::formats
