// Which files of a source make a model that this program can run, by their names alone. Any thread.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "jobs/import/import_source.h"

namespace llamahome::jobs {

/// The files to be fetched, and what has to be done with them.
struct ModelFiles {
    SourceForm form = SourceForm::HubFolder; ///< never Adapter; all but HubFolder are converted afterwards
    std::vector<std::string> names;          ///< in the order of the source
    std::string gguf = {};                   ///< of form Gguf: the file to be imported, of several the first
};

/// The needed ones among `names` (paths below the source): weights, configuration, tokenizer, template,
/// licence, card. Where the weights are there in several forms, one: safetensors, else PyTorch's
/// pytorch_model.bin, else Meta's consolidated.NN.pth. A GGUF file is taken only where `wanted` names it;
/// a divided one with all its parts. DL-05, with what was found, where there is no model in it or a part of
/// one is missing; DL-06 where `wanted` is no GGUF file of the source. `source` is its name in messages.
Result<ModelFiles> chooseModelFiles(const std::vector<std::string>& names, const std::string& wanted,
                                    const std::string& source);

} // namespace llamahome::jobs
