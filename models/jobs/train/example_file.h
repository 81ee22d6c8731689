// The file of the user's own training examples, which grows one by one. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "text/template/message.h"

namespace llamahome::jobs {

/// data/training/samples/my_examples.jsonl, which the Training page offers like any other there.
std::filesystem::path ownExamplesFile(const DataRoot& root);

struct AddedExample {
    std::filesystem::path file;
    std::string line;           ///< as it stands there, without its end
    std::uint64_t examples = 0; ///< in the file now
};

/// Appends a conversation that ends with an assistant's message as chat messages, durably, and makes the file
/// where there is none. Errors of the file layer.
Result<AddedExample> addExample(FileLayer& files, const DataRoot& root,
                                const std::vector<text::Message>& messages);

/// Takes it out again where it is still the last one; the file goes with its only example. DATA-20 where
/// another has come behind it or the file was changed.
Result<void> takeBackExample(FileLayer& files, const AddedExample& added);

} // namespace llamahome::jobs
