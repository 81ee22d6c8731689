#include "app/commands/export_report.h"

#include "app/progress_printer.h"
#include "core/quantity.h"
#include "core/shell_quote.h"

namespace llamahome::app {
namespace {

std::string subject(const jobs::ExportRequest& request) {
    if (!request.adapter) return request.base.name;
    if (request.format == jobs::ExportFormat::Peft || request.format == jobs::ExportFormat::GgufAdapter)
        return request.adapter->name;
    return request.base.name + " with " + request.adapter->name;
}

std::string nextStep(const jobs::ExportRequest& request, const std::string& path) {
    switch (request.format) {
    case jobs::ExportFormat::Hub:
        return "llamahome import " + path + " --as local NAME, or take the folder to another program";
    case jobs::ExportFormat::Peft:
        return "load " + request.base.name + " and this adapter with PEFT's PeftModel.from_pretrained";
    case jobs::ExportFormat::Gguf:
        return "llama-cli -m " + path;
    case jobs::ExportFormat::Ollama:
        return "cd " + path + " && ollama create NAME -f Modelfile";
    case jobs::ExportFormat::GgufAdapter:
        return "llama-cli -m MODEL.gguf --lora " + path;
    }
    return {};
}

} // namespace

Result<jobs::ExportRequest> exportRequest(CommandContext& context, const std::vector<std::string>& model,
                                          const std::optional<std::string>& adapter) {
    jobs::ExportRequest request;
    if (adapter) {
        const auto parsed = jobs::parseAdapterOption(*adapter);
        if (!parsed) return parsed.error();
        const auto library = context.library();
        if (!library) return library.error();
        auto found = jobs::resolveAdapter(**library, parsed->nameOrFolder);
        if (!found) return found.error();
        request.adapter = std::move(*found);
        request.scale = parsed->scale;
    }
    auto base = model.empty() && request.adapter ? jobs::baseOfAdapter(**context.library(), *request.adapter)
                                                 : context.model(model, jobs::ModelUse::Files, {});
    if (!base) return base.error();
    request.base = std::move(*base);
    return request;
}

Result<void> runExport(CommandContext& context, const jobs::ExportRequest& request) {
    const auto forecast = jobs::forecastExport(request);
    if (!forecast) return forecast.error();
    Output& output = context.output();
    output.message("Writing " + subject(request) + ": " + formatBytes(*forecast) + ".");
    const auto written = [&] {
        ProgressPrinter progress(output, context.clock());
        return jobs::exportModel(request, context.files(), context.cancel(), progress.sink());
    }();
    if (!written) return written.error();
    const std::string path = displayPath(written->path);
    output.line("Written: " + formatBytes(written->sizeBytes) + " in " + path);
    output.line("Checked: " + written->turnEnd + ".");
    for (const std::string& note : written->notes)
        output.line("Note: " + note);
    output.line("Next: " + output.typed(nextStep(request, shellQuoted(path))));
    Json document{{"path", path},
                  {"bytes", written->sizeBytes},
                  {"model", request.base.name},
                  {"turn_end", written->turnEnd},
                  {"notes", written->notes}};
    if (request.adapter) document["adapter"] = request.adapter->name;
    output.document(document);
    return {};
}

} // namespace llamahome::app
