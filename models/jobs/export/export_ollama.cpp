#include "formats/gguf/ollama_modelfile.h"
#include "jobs/export/export_forms.h"
#include "jobs/export/export_source.h"
#include "jobs/export/model_card.h"
#include "jobs/export/ollama_turns.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/output_place.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kModelName = "model.gguf";
constexpr std::uint64_t kTextBytes = 1U << 20; ///< Modelfile and card, more than they ever need

/// The Modelfile for the folder that the GGUF file lies in; `notes` gains what it cannot say.
Result<std::string> modelfile(const ExportRequest& request, const ExportChat& chat,
                              const formats::ModelConfig& config, std::vector<std::string>& notes) {
    const auto tokenizer = text::Tokenizer::load(request.base.path);
    if (!tokenizer) return tokenizer.error();
    formats::OllamaModelfile file;
    file.from = std::string("./") + kModelName;
    const auto& prefix = tokenizer->prefixTokens();
    const std::string bos = prefix.empty() ? std::string() : tokenizer->tokenBytes(prefix.front());
    if (chat.chatTemplate && !chat.chatTemplate->turnEnd().empty()) {
        if (auto turns = ollamaChat(*chat.chatTemplate, bos)) {
            file.turns = std::move(turns->turns);
            file.system = std::move(turns->system);
        } else {
            notes.push_back(
                "the Modelfile has no TEMPLATE: the template " + chat.chatTemplate->name() +
                " prints more than turns, such as dates; Ollama uses what it knows by the template "
                "in " +
                kModelName);
        }
    }
    file.stops = chat.stops;
    for (const std::int32_t id : chat.endTokens)
        file.stops.push_back(tokenizer->tokenBytes(id));
    file.contextLength = config.max_position_embeddings;
    file.license = request.base.licence;
    return formats::ollamaModelfileText(file);
}

} // namespace

Result<std::uint64_t> forecastOllama(const ExportRequest& request) {
    const auto bytes = forecastGguf(request);
    return bytes ? Result<std::uint64_t>(*bytes + kTextBytes) : bytes;
}

Result<ExportResult> exportOllama(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                  const CancelToken& cancel, const ProgressSink& progress) {
    const auto source = ExportSource::open(request);
    if (!source) return source.error();
    auto plan =
        formats::GgufExport::plan(request.base.path, (*source)->weights(), ggufOptions(request, chat));
    if (!plan) return plan.error();
    std::vector<std::string> notes = (*source)->notes();
    const auto text = modelfile(request, chat, plan->config(), notes);
    if (!text) return text.error();
    auto place = OutputPlace::prepare(files, request.target, plan->fileBytes() + kTextBytes);
    if (!place) return place.error();
    const CardSubject subject{displayPath(place->target().filename()), false, request.base,
                              (*source)->record(), chat.name};
    if (auto done = writeCard(files, place->folder(), subject); !done) return done.error();
    if (auto done = writeFileAtomically(files, place->folder() / "Modelfile", *text); !done)
        return done.error();
    auto written = plan->write(files, place->folder() / kModelName, packingThreads(), cancel, progress);
    if (!written) return written.error();
    if (auto published = place->publish(); !published) return published.error();
    notes.insert(notes.end(), plan->notes().begin(), plan->notes().end());
    return ExportResult{place->target(), bytesBelow(place->target()), std::move(notes)};
}

} // namespace llamahome::jobs
