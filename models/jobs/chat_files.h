// The files of a model's folder that say how it is talked to. Any thread but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

/// Writes chat_template.jinja, and takes the template of tokenizer_config.json away, which would be a second,
/// other one.
Result<void> writeChatTemplate(FileLayer& files, const std::filesystem::path& folder,
                               const std::string& text);

/// Makes `ids` the end tokens of generation_config.json, which is made where there is none.
Result<void> writeEndTokens(FileLayer& files, const std::filesystem::path& folder,
                            const std::vector<std::int32_t>& ids);

} // namespace llamahome::jobs
