#include "jobs/train/train_preparation.h"

#include "core/quantity.h"
#include "formats/hub/model_config.h"
#include "jobs/chat_template_choice.h"
#include "jobs/train/initial_adapter.h"

namespace llamahome::jobs {
namespace {

Result<void> addInitialAdapter(const TrainPlan& plan, const formats::ModelConfig& model, TrainSink& sink,
                               TrainWork& work) {
    if (!plan.initAdapter) return {};
    auto adapter = readInitialAdapter(*plan.initAdapter, model);
    if (!adapter) return adapter.error();
    adoptShape(*adapter, work.settings.training.lora);
    sink.onNotice("training goes on from " + displayPath(*plan.initAdapter) + ": rank " +
                  std::to_string(adapter->r) + ", alpha " + formatNumber(adapter->alpha) + " and the " +
                  std::to_string(adapter->pairs.size()) + " modules that it has are kept");
    work.initialAdapter = std::move(*adapter);
    return {};
}

} // namespace

Result<Prepared> prepare(const TrainPlan& plan, const TrainPlace& place) {
    place.sink.onPhase("reading the data");
    const auto tokenizer = text::Tokenizer::load(plan.modelFolder);
    if (!tokenizer) return tokenizer.error();
    const auto chatTemplate = chosenTemplate(plan.modelFolder, plan.settings.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    const auto model = formats::readModelConfig(plan.modelFolder / "config.json");
    if (!model) return model.error();
    Prepared prepared;
    TrainPlan settled = plan;
    // A date that a template prints must be the same when the run goes on tomorrow.
    if (settled.settings.data.date.empty())
        settled.settings.data.date = chatTemplate->defaultDate(place.clock);
    prepared.work.settings = settled.settings;
    if (auto added = addInitialAdapter(plan, *model, place.sink, prepared.work); !added) return added.error();
    settled.settings = prepared.work.settings;
    auto data = readTrainData(settled, *tokenizer, *chatTemplate, place.cancel,
                              [&place](const Progress& progress) { place.sink.onProgress(progress); });
    if (!data) return data.error();
    const auto forecast = forecastTraining(settled, *model, sizesOf(*data), place.root, {});
    if (!forecast) return forecast.error();
    for (const std::string& notice : forecast->notices)
        place.sink.onNotice(notice);
    place.sink.onForecast(*forecast);
    if (auto fits = checkFits(*forecast, settled.settings); !fits) return fits.error();
    if (const auto words = settledInWords(*forecast, settled.settings.training); !words.empty())
        place.sink.onNotice(words);
    prepared.work.settings.training.batch_size = forecast->batchSize;
    prepared.work.settings.training.gradient_accumulation = forecast->gradientAccumulation;
    prepared.work.recomputedLayers = forecast->recomputedLayers;
    prepared.work.data = std::move(*data);
    prepared.forecast = *forecast;
    return prepared;
}

std::vector<std::filesystem::path> filesOf(const TrainPlan& plan) {
    std::vector<std::filesystem::path> files = plan.dataFiles;
    if (plan.validationFile) files.push_back(*plan.validationFile);
    return files;
}

} // namespace llamahome::jobs
