// Models in LM Studio's folders: <publisher>/<repository>/<file>.gguf. Any thread but GUI.
#pragma once

#include <filesystem>
#include <vector>

#include "core/result.h"

namespace llamahome::jobs {

/// The file or folder that LM Studio knows as "publisher/repository" or "publisher/repository/file.gguf", in
/// the first of the folders that has it: of a repository its one model in GGUF form, where there is one. An
/// empty path where none has it, or `name` is none. IMP-01 for a repository with several: names them.
Result<std::filesystem::path> lmStudioModel(const std::vector<std::filesystem::path>& folders,
                                            const std::filesystem::path& name);

} // namespace llamahome::jobs
