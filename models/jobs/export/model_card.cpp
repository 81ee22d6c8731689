#include "jobs/export/model_card.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/ascii.h"
#include "jobs/train/finished_adapter.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMetaFamily = "llama";
constexpr std::string_view kMetaOrganisation = "meta-llama/";
/// Licences that the Hub has a name of its own for.
constexpr std::array<std::string_view, 2> kOpenLicences{"apache-2.0", "mit"};

/// Meta's licences ask for the words, whatever name the model is kept under.
bool isMetas(const ModelEntry& base) {
    return base.family == kMetaFamily || base.hubId.starts_with(kMetaOrganisation) ||
           lowerAscii(base.licence).find("llama") != std::string::npos;
}

std::string baseName(const ModelEntry& base) {
    return base.hubId.empty() ? base.name : base.hubId;
}

/// A text as a YAML value that no text can leave.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'') result += '\'';
        if (static_cast<unsigned char>(c) >= ' ') result += c;
    }
    return result + "'";
}

std::string header(const CardSubject& subject) {
    std::string text = "---\n";
    if (!subject.base.hubId.empty()) text += "base_model: " + quoted(subject.base.hubId) + "\n";
    text += std::string("library_name: ") + (subject.isAdapter ? "peft" : "transformers") + "\n";
    const std::string licence = lowerAscii(subject.base.licence);
    if (std::find(kOpenLicences.begin(), kOpenLicences.end(), licence) != kOpenLicences.end())
        text += "license: " + licence + "\n";
    else if (!licence.empty())
        text += "license: other\nlicense_name: " + quoted(subject.base.licence) + "\n";
    text += "pipeline_tag: text-generation\ntags:\n- llama\n- lora\n- llamahome\n---\n\n";
    return text;
}

std::string howToLoad(const CardSubject& subject) {
    if (subject.isAdapter)
        return "The folder is in PEFT's format: load " + baseName(subject.base) +
               ", then this adapter with `PeftModel.from_pretrained`.\n";
    return "The folder is in the Hub's layout: `AutoModelForCausalLM.from_pretrained` and "
           "`AutoTokenizer.from_pretrained` load it as it is.\n";
}

} // namespace

std::string modelCard(const CardSubject& subject) {
    std::string text = header(subject);
    text += "# " + subject.title + "\n\n";
    if (isMetas(subject.base)) text += "**Built with Llama.**\n\n";
    text += subject.isAdapter ? "A LoRA adapter for " : "Made from ";
    text += baseName(subject.base);
    if (!subject.isAdapter && !subject.trainingRecord.empty()) text += ", with a LoRA adapter merged into it";
    text += ". Written by LlamaHome.\n\n";
    if (!subject.base.licence.empty())
        text += "The licence is that of the base model, " + subject.base.licence +
                "; its text, where the base came with one, lies beside this file.\n\n";
    text += "## How to load it\n\n" + howToLoad(subject);
    if (!subject.chatTemplate.empty())
        text += "\nAsk it in the form in which it was trained, the chat template " + subject.chatTemplate +
                " of LlamaHome, not in that of the base model.\n";
    if (!subject.trainingRecord.empty())
        text += "\n## How it was trained\n\n```yaml\n" + subject.trainingRecord +
                (subject.trainingRecord.ends_with('\n') ? "" : "\n") + "```\n";
    return text;
}

Result<void> writeCard(FileLayer& files, const fs::path& folder, const CardSubject& subject) {
    if (auto card = writeFileAtomically(files, folder / kModelCardName, modelCard(subject)); !card)
        return card;
    if (subject.trainingRecord.empty()) return {};
    return writeFileAtomically(files, folder / kTrainingRecordName, subject.trainingRecord);
}

Result<std::string> readTrainingRecord(const fs::path& adapterFolder) {
    std::error_code failure;
    if (!fs::exists(adapterFolder / kTrainingRecordName, failure)) return std::string();
    return readFile(adapterFolder / kTrainingRecordName);
}

} // namespace llamahome::jobs
