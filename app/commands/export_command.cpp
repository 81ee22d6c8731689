#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/export_report.h"
#include "app/commands/model_words.h"
#include "core/error_codes.h"
#include "formats/bitsandbytes/quantisation_config.h"

namespace llamahome::app {
namespace {

struct ExportOptions {
    std::vector<std::string> model;
    std::optional<std::string> adapter;
    std::optional<std::string> format;
    std::optional<std::string> type;
    std::optional<std::string> out;
};

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// With an adapter hf means that alone, in PEFT's format: a merged model is what `merge` writes.
Result<jobs::ExportFormat> formatOf(const ExportOptions& options) {
    const std::string name = options.format.value_or("");
    if (name == "hf") return options.adapter ? jobs::ExportFormat::Peft : jobs::ExportFormat::Hub;
    if (name == "gguf") return jobs::ExportFormat::Gguf;
    if (name == "ollama") return jobs::ExportFormat::Ollama;
    if (name == "gguf-adapter") return jobs::ExportFormat::GgufAdapter;
    return Error{codes::kUsage,
                 "export: found --format '" + name + "', expected gguf, gguf-adapter, hf or ollama"};
}

/// What --type may be: GGUF's types, and what a Hub folder is quantised to.
std::vector<std::string> typeNames() {
    std::vector<std::string> names = formats::ggufFileTypeNames();
    for (const formats::Quantisation format : {formats::Quantisation::Int8, formats::Quantisation::Nf4})
        names.emplace_back(formats::quantisationName(format));
    return names;
}

/// Which of the two --type is must go with --format.
Result<std::optional<formats::Quantisation>> quantisationOf(const ExportOptions& options,
                                                            jobs::ExportFormat format) {
    if (!options.type) return std::optional<formats::Quantisation>();
    const auto quantisation = formats::quantisationFromName(*options.type);
    if (format == jobs::ExportFormat::Peft)
        return Error{codes::kUsage, "export: found --type " + *options.type +
                                        " with --format hf and an adapter, expected none: PEFT's format "
                                        "keeps an adapter as it was trained; leave --type out"};
    const bool isHub = format == jobs::ExportFormat::Hub;
    if (isHub == quantisation.has_value()) return quantisation;
    return Error{codes::kUsage, "export: found --type " + *options.type + " with --format " +
                                    options.format.value_or("") + ", expected " +
                                    (isHub ? "int8 or nf4, or none for whole weights"
                                           : listed(formats::ggufFileTypeNames()))};
}

Result<formats::GgufFileType> typeOf(const ExportOptions& options) {
    const bool isAdapter = options.format == "gguf-adapter";
    const std::string name =
        options.type.value_or(std::string(isAdapter ? kDefaultAdapterType : kDefaultGgufType));
    if (const auto type = formats::ggufFileTypeOf(name)) return *type;
    return Error{codes::kUsage,
                 "export: found --type '" + name + "', expected " + listed(formats::ggufFileTypeNames())};
}

Result<void> exportIt(CommandContext& context, const ExportOptions& options) {
    if (!options.out)
        return Error{codes::kUsage,
                     "export: found no --out, expected `llamahome export MODEL --format FORMAT "
                     "--out PATH`"};
    const auto format = formatOf(options);
    if (!format) return format.error();
    const auto quantisation = quantisationOf(options, *format);
    if (!quantisation) return quantisation.error();
    const auto type =
        *quantisation ? Result<formats::GgufFileType>(jobs::ExportRequest{}.type) : typeOf(options);
    if (!type) return type.error();
    auto request = exportRequest(context, options.model, options.adapter);
    if (!request) return request.error();
    request->format = *format;
    request->type = *type;
    request->quantisation = *quantisation;
    request->target = *options.out;
    return runExport(context, *request);
}

} // namespace

CommandSpec exportCommand() {
    const auto options = std::make_shared<ExportOptions>();
    CommandSpec command{
        "export", "Take a model or adapter to another program",
        "llamahome export smollm2 135m-instruct --format gguf --type q8_0 --out smollm2.gguf"};
    addModelWords(command, options->model);
    command.value(
        "--adapter", "ADAPTER",
        "name from 'models' or a folder; gguf: merged in, ADAPTER:SCALE for less or more of it; hf: "
        "this alone, in PEFT's format",
        options->adapter, ValueKind::Folder);
    command.value("--format", "FORMAT",
                  "gguf: one file for llama.cpp and Ollama; gguf-adapter: the adapter as such a file; hf: a "
                  "folder in Hub layout; ollama: a folder for `ollama create`",
                  options->format);
    command.choices({"gguf", "gguf-adapter", "hf", "ollama"});
    command.value("--type", "TYPE",
                  "how gguf packs the weights (" + std::string(kDefaultGgufType) + "; an adapter: " +
                      std::string(kDefaultAdapterType) + "); hf: int8 or nf4, as bitsandbytes quantises",
                  options->type);
    command.choices(typeNames());
    command.value("--out", "PATH", "the new file or folder", options->out, ValueKind::File);
    command.run = [options](CommandContext& context) { return exportIt(context, *options); };
    return command;
}

} // namespace llamahome::app
