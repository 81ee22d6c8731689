#include "jobs/export/model_card.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/settings_writer.h"
#include "config/yaml_tree.h"
#include "core/ascii.h"
#include "jobs/import/import_files.h"
#include "jobs/train/finished_adapter.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMetaFamily = "llama";
constexpr std::string_view kMetaOrganisation = "meta-llama/";
/// Licences that the Hub has a name of its own for.
constexpr std::array<std::string_view, 2> kOpenLicences{"apache-2.0", "mit"};
/// Settings of a training that decide its result; the others say how this machine got there.
constexpr std::array<std::string_view, 16> kTellingSettings{
    "validation_split", "lora",      "learning_rate", "lr_schedule",           "warmup_ratio", "weight_decay",
    "batch_size",       "seed",      "max_grad_norm", "gradient_accumulation", "num_epochs",   "max_steps",
    "max_length",       "precision", "quantize",      "early_stopping"};

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

/// Whether a setting of that section may be told to others.
bool isPublished(const std::string& section, const std::string& key, bool withTemplate) {
    if (section == "training")
        return std::find(kTellingSettings.begin(), kTellingSettings.end(), key) != kTellingSettings.end();
    return withTemplate && section == "data" && key == "template";
}

config::YamlNode published(const std::string& trainingRecord, bool withTemplate) {
    config::YamlNode root = config::parseYaml(trainingRecord, kTrainingRecordName).root;
    const auto isEmpty = [](const config::YamlEntry& entry) { return entry.value.entries.empty(); };
    for (config::YamlEntry& part : root.entries) {
        if (part.key != "settings") continue;
        for (config::YamlEntry& section : part.value.entries)
            std::erase_if(section.value.entries, [&](const config::YamlEntry& setting) {
                return !isPublished(section.key, setting.key, withTemplate);
            });
        std::erase_if(part.value.entries, isEmpty);
    }
    std::erase_if(root.entries,
                  [&](const config::YamlEntry& part) { return part.key == "settings" && isEmpty(part); });
    return root;
}

std::string recordText(const config::YamlNode& record) {
    return record.entries.empty() ? std::string() : config::writeYaml(record);
}

std::string licenceFileIn(const fs::path& folder) {
    for (const fs::path& path : entriesOf(folder))
        if (isLicenceFile(nameOf(path))) return nameOf(path);
    return {};
}

std::string_view libraryName(CardForm form) {
    switch (form) {
    case CardForm::Model:
        return "transformers";
    case CardForm::Adapter:
        return "peft";
    case CardForm::Ollama:
        return "gguf";
    }
    return "transformers";
}

std::string header(const CardSubject& subject) {
    std::string text = "---\n";
    if (!subject.base.hubId.empty()) text += "base_model: " + quoted(subject.base.hubId) + "\n";
    text.append("library_name: ").append(libraryName(subject.form)) += '\n';
    const std::string licence = lowerAscii(subject.base.licence);
    if (std::find(kOpenLicences.begin(), kOpenLicences.end(), licence) != kOpenLicences.end())
        text += "license: " + licence + "\n";
    else if (!licence.empty())
        text += "license: other\nlicense_name: " + quoted(subject.base.licence) + "\n";
    text += "pipeline_tag: text-generation\ntags:\n- llama\n";
    if (subject.hasAdapter) text += "- lora\n";
    return text + "- llamahome\n---\n\n";
}

std::string howToLoad(const CardSubject& subject) {
    switch (subject.form) {
    case CardForm::Adapter:
        return "The folder is in PEFT's format: load " + baseName(subject.base) +
               ", then this adapter with `PeftModel.from_pretrained`.\n";
    case CardForm::Ollama:
        return "`ollama create NAME -f Modelfile`, run in this folder, makes a model of Ollama's from it. "
               "`model.gguf` alone is for llama.cpp and what is built on it.\n";
    case CardForm::Model:
        break;
    }
    return "The folder is in the Hub's layout: `AutoModelForCausalLM.from_pretrained` and "
           "`AutoTokenizer.from_pretrained` load it as it is.\n";
}

} // namespace

std::string publishedRecord(const std::string& trainingRecord) {
    return recordText(published(trainingRecord, true));
}

std::string modelCard(const CardSubject& subject, const std::string& licenceFile) {
    std::string text = header(subject);
    text += "# " + subject.title + "\n\n";
    if (isMetas(subject.base)) text += "**Built with Llama.**\n\n";
    const bool isAdapter = subject.form == CardForm::Adapter;
    text += isAdapter ? "A LoRA adapter for " : "Made from ";
    text += baseName(subject.base);
    if (!isAdapter && subject.hasAdapter) text += ", with a LoRA adapter merged into it";
    text += ". Written by LlamaHome.\n\n";
    if (!subject.base.licence.empty())
        text += "The licence is that of the base model, " + subject.base.licence + ".";
    if (!licenceFile.empty())
        text += std::string(subject.base.licence.empty() ? "The licence is that of the base model." : "") +
                " Its text lies beside this file, in `" + licenceFile + "`.";
    if (!subject.base.licence.empty() || !licenceFile.empty()) text += "\n\n";
    text += "## How to load it\n\n" + howToLoad(subject);
    if (!subject.chatTemplate.empty())
        text += "\nAsk it in the form in which it was trained, the chat template " + subject.chatTemplate +
                " of LlamaHome, not in that of the base model.\n";
    // The template is told above, by its name: it may be a file of this machine's.
    const std::string record = recordText(published(subject.trainingRecord, false));
    if (!record.empty())
        text +=
            "\n## How it was trained\n\n```yaml\n" + record + (record.ends_with('\n') ? "" : "\n") + "```\n";
    return text;
}

Result<void> writeCard(FileLayer& files, const fs::path& folder, const CardSubject& subject) {
    if (auto card =
            writeFileAtomically(files, folder / kModelCardName, modelCard(subject, licenceFileIn(folder)));
        !card)
        return card;
    const std::string record = publishedRecord(subject.trainingRecord);
    if (record.empty()) return {};
    return writeFileAtomically(files, folder / kTrainingRecordName, record);
}

Result<std::string> readTrainingRecord(const fs::path& adapterFolder) {
    std::error_code failure;
    if (!fs::exists(adapterFolder / kTrainingRecordName, failure)) return std::string();
    return readFile(adapterFolder / kTrainingRecordName);
}

} // namespace llamahome::jobs
