// The chat template of a model as the settings have it. Any thread.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"
#include "text/template/chat_template.h"

namespace llamahome::jobs {

/// `choice` is the value of `data.template`: empty for the model's own, a name, or the path of a .yaml file
/// with one of the user's own. TPL-01 where it is not known or the file cannot be used; FILE-xx.
Result<text::ChatTemplate> chosenTemplate(const std::filesystem::path& modelFolder,
                                          const std::string& choice);

} // namespace llamahome::jobs
