#include "formats/gguf/ollama_modelfile.h"
#include "jobs/export/export_forms.h"
#include "jobs/export/export_source.h"
#include "jobs/export/model_card.h"
#include "jobs/export/ollama_turns.h"
#include "jobs/import/import_files.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/output_place.h"
#include "text/tokenizer/tokenizer.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr const char* kModelName = "model.gguf";
constexpr std::uint64_t kTextBytes = 1U << 20; ///< Modelfile and card, more than they ever need

/// The texts that a model must not be passed on without.
bool isOfTerms(std::string_view name) {
    return isSideFile(name) && name != kModelCardName;
}

/// The licence for the Modelfile: its text where the base has it and a Modelfile can hold it, else its name.
Result<std::string> licenceText(const ModelEntry& base) {
    const auto found = filesOf(base.path, isLicenceFile);
    if (!found) return found.error();
    if (found->empty()) return base.licence;
    auto text = readFile(found->front());
    if (!text) return text;
    return formats::canBeModelfileText(*text) ? std::move(text) : Result<std::string>(base.licence);
}

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
    auto licence = licenceText(request.base);
    if (!licence) return licence.error();
    file.license = std::move(*licence);
    return formats::ollamaModelfileText(file);
}

} // namespace

Result<std::uint64_t> forecastOllama(const ExportRequest& request) {
    const auto bytes = forecastGguf(request);
    if (!bytes) return bytes;
    const auto terms = filesOf(request.base.path, isOfTerms);
    if (!terms) return terms.error();
    const auto termBytes = sizeOf(*terms);
    if (!termBytes) return termBytes.error();
    return *bytes + kTextBytes + *termBytes;
}

Result<ExportResult> exportOllama(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                                  const CancelToken& cancel, const ProgressSink& progress) {
    const auto source = ExportSource::open(request);
    if (!source) return source.error();
    auto plan = planGguf(request, **source, chat);
    if (!plan) return plan.error();
    std::vector<std::string> notes = (*source)->notes();
    const auto text = modelfile(request, chat, plan->config(), notes);
    if (!text) return text.error();
    const auto terms = filesOf(request.base.path, isOfTerms);
    if (!terms) return terms.error();
    const auto termBytes = sizeOf(*terms);
    if (!termBytes) return termBytes.error();
    auto place = OutputPlace::prepare(files, request.target, plan->fileBytes() + kTextBytes + *termBytes);
    if (!place) return place.error();
    const CardSubject subject{displayPath(place->target().filename()),
                              CardForm::Ollama,
                              request.adapter.has_value(),
                              request.base,
                              (*source)->record(),
                              chat.name};
    for (const fs::path& path : *terms)
        if (auto copied = copyFile(files, path, place->folder() / path.filename(), cancel, {}); !copied)
            return copied.error();
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
