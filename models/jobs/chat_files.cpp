#include "jobs/chat_files.h"

#include "core/json.h"
#include "formats/hub/config_fields.h"
#include "formats/hub/hub_names.h"
#include "formats/tokenizer/tokenizer_files.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;

Result<void> writeChatTemplate(FileLayer& files, const fs::path& folder, const std::string& text) {
    if (auto done = writeFileAtomically(files, folder / formats::kChatTemplateFile, text); !done) return done;
    auto config = formats::readJsonIfThere(folder / formats::kTokenizerConfig);
    if (!config) return config.error();
    if (!config->is_object() || config->erase("chat_template") == 0) return {};
    return writeFileAtomically(files, folder / formats::kTokenizerConfig, writeJson(*config));
}

Result<void> writeEndTokens(FileLayer& files, const fs::path& folder, const std::vector<std::int32_t>& ids) {
    const fs::path path = folder / formats::kGenerationConfigFile;
    auto generation = formats::readJsonIfThere(path);
    if (!generation) return generation.error();
    if (!generation->is_object()) *generation = Json::object();
    (*generation)["eos_token_id"] = formats::tokenIdsJson({ids.begin(), ids.end()});
    return writeFileAtomically(files, path, writeJson(*generation));
}

} // namespace llamahome::jobs
