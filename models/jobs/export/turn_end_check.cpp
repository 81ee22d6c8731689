#include "jobs/export/turn_end_check.h"

#include <algorithm>

#include "core/error_codes.h"
#include "formats/hub/hub_names.h"
#include "formats/tokenizer/tokenizer_files.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {

Result<void> checkTurnEnd(const std::filesystem::path& folder, const ExportChat& chat) {
    const auto disagree = [&](const std::string& text) {
        return Error{codes::kExportCheck, displayPath(folder) + ": read back, " + text + "; write it again"};
    };
    const auto tokenizer = text::Tokenizer::load(folder);
    if (!tokenizer) return tokenizer.error();
    const auto& ends = tokenizer->endTokens();
    for (const std::int32_t id : chat.endTokens)
        if (std::find(ends.begin(), ends.end(), id) == ends.end())
            return disagree("answers end with " + tokenizer->tokenBytes(id) +
                            ", at which generation does not stop by its configuration");
    if (!chat.text) return {};
    const auto config = formats::readJsonIfThere(folder / formats::kTokenizerConfig);
    if (!config) return config.error();
    const auto text = formats::readChatTemplate(folder, *config);
    if (!text) return text.error();
    if (*text == chat.text) return {};
    return disagree("its chat template is not the one that the adapter was trained with");
}

} // namespace llamahome::jobs
