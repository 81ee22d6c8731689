#include "core/error_codes.h"
#include "core/json.h"
#include "formats/bitsandbytes/quantisation_config.h"
#include "formats/hub/hub_names.h"
#include "formats/hub/hub_weights.h"
#include "formats/tensor_values.h"
#include "jobs/export/export_forms.h"
#include "jobs/export/export_source.h"
#include "jobs/export/model_card.h"
#include "jobs/export/turn_end_check.h"
#include "jobs/import/import_source.h"
#include "jobs/library/copy_file.h"
#include "jobs/library/folder_files.h"
#include "jobs/library/output_place.h"
#include "jobs/train/finished_adapter.h"
#include "jobs/verify/model_checks.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kCardBytes = 1U << 20; ///< card and record, more than they ever need

/// Whether a file of the base goes along as it is.
bool isTakenAlong(std::string_view name) {
    return belongsToModel(name) && !name.ends_with(".safetensors") && name != formats::kWeightsIndex &&
           name != kModelCardName;
}

Result<std::uint64_t> bytesOf(ExportSource& source, const std::vector<fs::path>& along) {
    const auto sides = sizeOf(along);
    if (!sides) return sides.error();
    return kCardBytes + source.weightBytes() + *sides;
}

/// Weights on their way into the export: a number that is not finite makes no answers in any program.
class FiniteWeights final : public formats::TensorSource {
public:
    FiniteWeights(formats::TensorSource& source, const ModelEntry& base)
        : m_source(source)
        , m_base(base) {}

    const std::vector<formats::TensorInfo>& tensors() const override { return m_source.tensors(); }
    Result<void> read(const formats::TensorInfo& tensor, std::span<std::byte> out) override {
        if (auto done = m_source.read(tensor, out); !done) return done;
        if (!formats::holdsNonFinite(out, tensor.dtype)) return {};
        return Error{codes::kNonFiniteWeights, m_base.name + ": tensor " + tensor.name +
                                                   " holds an infinity or NaN, so it is not written; "
                                                   "check the model with `llamahome verify " +
                                                   commandWords(m_base) + " --deep` and get it again"};
    }
    std::span<const std::byte> mapped(const formats::TensorInfo&) const override { return {}; }

private:
    formats::TensorSource& m_source;
    const ModelEntry& m_base;
};

/// config.json says how the weights are kept, which is not always how the base keeps them.
Result<void> writeQuantisation(FileLayer& files, const fs::path& configJson,
                               const std::optional<formats::Quantisation>& format) {
    constexpr const char* kKey = "quantization_config";
    auto config = readJsonFile(configJson);
    if (!config) return config.error();
    if (!format && !config->contains(kKey)) return {};
    config->erase(kKey);
    if (format) (*config)[kKey] = formats::quantisationConfigJson(*format);
    return writeFileAtomically(files, configJson, writeJson(*config));
}

} // namespace

Result<std::uint64_t> forecastHub(const ExportRequest& request) {
    const auto source = ExportSource::open(request);
    if (!source) return source.error();
    const auto along = filesOf(request.base.path, isTakenAlong);
    if (!along) return along.error();
    return bytesOf(**source, *along);
}

Result<ExportResult> exportHub(const ExportRequest& request, const ExportChat& chat, FileLayer& files,
                               const CancelToken& cancel, const ProgressSink& progress) {
    const auto source = ExportSource::open(request);
    if (!source) return source.error();
    const auto along = filesOf(request.base.path, isTakenAlong);
    if (!along) return along.error();
    const auto bytes = bytesOf(**source, *along);
    if (!bytes) return bytes.error();
    auto place = OutputPlace::prepare(files, request.target, *bytes);
    if (!place) return place.error();

    for (const fs::path& path : *along)
        if (auto copied = copyFile(files, path, place->folder() / path.filename(), cancel, {}); !copied)
            return copied.error();
    const fs::path configJson = place->folder() / formats::kModelConfigFile;
    if (auto done = writeQuantisation(files, configJson, request.quantisation); !done) return done.error();
    const CardSubject subject{displayPath(place->target().filename()),
                              CardForm::Model,
                              request.adapter.has_value(),
                              request.base,
                              (*source)->record(),
                              chat.name};
    if (auto done = writeChat(files, place->folder(), chat); !done) return done.error();
    if (auto done = writeCard(files, place->folder(), subject); !done) return done.error();
    FiniteWeights weights((*source)->weights(), request.base);
    auto written = formats::writeHubWeights(files, place->folder(), weights,
                                            request.adapter        ? "merging"
                                            : request.quantisation ? "quantising"
                                                                   : "copying",
                                            cancel, progress);
    if (!written) return written.error();
    if (auto checked = checkModelFolder(place->folder()); !checked) return checked.error();
    if (auto checked = checkTurnEnd(place->folder(), chat); !checked) return checked.error();
    if (auto published = place->publish(); !published) return published.error();
    return ExportResult{place->target(), bytesBelow(place->target()), (*source)->notes()};
}

} // namespace llamahome::jobs
