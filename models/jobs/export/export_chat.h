// How the result of an export is talked to: its chat template and the tokens that end its answers. Any thread
// but GUI.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file_layer.h"
#include "core/result.h"
#include "jobs/export/export_model.h"
#include "text/template/chat_template.h"

namespace llamahome::jobs {

struct ExportChat {
    /// What the adapter was trained with, else the model's own; nothing where that is not known.
    std::optional<text::ChatTemplate> chatTemplate = {};
    std::string name = {};                ///< of what was trained with, for people; empty: the model's own
    std::optional<std::string> text = {}; ///< Jinja, in place of the model's own; nothing: that stays
    std::vector<std::int32_t> endTokens = {}; ///< all that end an answer, those of the template among them
    bool addsEnds = false;                    ///< the model's files do not name them all
    std::vector<std::string> stops = {};      ///< texts that end an answer and are no tokens
    std::string found = {};                   ///< in words: "answers end with <|im_end|> in …"
    std::vector<std::string> notes = {};      ///< what the user should know
};

/// Of a model's folder and the text of a training_record.yaml, which may be empty. `holdsTemplate`: the form
/// has a place for a template; where it has none, what the record names need not be there any more. EXP-03
/// where the record cannot be read, or where the model's own template ends answers with what is no token of
/// its tokenizer; TPL-01 and FILE-xx for a trained template that cannot be read.
Result<ExportChat> exportChat(const std::filesystem::path& base, const std::string& trainingRecord,
                              bool holdsTemplate);

/// The same of a request.
Result<ExportChat> exportChatOf(const ExportRequest& request);

/// Writes what differs from the files of `folder`, which are the model's: chat_template.jinja, and the end
/// tokens into generation_config.json.
Result<void> writeChat(FileLayer& files, const std::filesystem::path& folder, const ExportChat& chat);

} // namespace llamahome::jobs
