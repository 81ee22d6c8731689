// A chat template that a person wrote down in a YAML file. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::config {

/// What stands around the texts of a role.
struct TemplateRole {
    std::string role; ///< system, user, assistant or tool
    std::string before;
    std::string after;
};

struct TemplateFile {
    std::string start; ///< before the whole conversation
    std::vector<TemplateRole> roles;
    std::string end; ///< the token that ends an answer; empty: the model's own
};

/// Whether a value of `data.template` names a file: it ends with .yaml or .yml.
bool namesTemplateFile(std::string_view value);

/// Reads `start`, `end` and, for each role, `before` and `after`; user and assistant must be there. TPL-01
/// naming the file, the line, what was found and what was expected; FILE-xx.
Result<TemplateFile> readTemplateFile(const std::filesystem::path& path);

} // namespace llamahome::config
