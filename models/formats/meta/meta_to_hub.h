// From a folder in Meta's layout to one in Hub layout. Not on the GUI thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"

namespace llamahome::formats {

/// Writes the model of `metaFolder` (params.json, consolidated.NN.pth, tokenizer.model) into `targetFolder`,
/// by the contract of writeHubModel(); weights keep their type. What cannot be converted is refused before
/// anything is written. Of a model with a picture part only the text decoder is written; what was left out is
/// returned in words. `isInstruct`: the model answers in turns, which its files do not say.
Result<std::vector<std::string>> convertMetaToHub(FileLayer& files, const std::filesystem::path& metaFolder,
                                                  const std::filesystem::path& targetFolder, bool isInstruct,
                                                  const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::formats
