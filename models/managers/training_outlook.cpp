#include "managers/training_outlook.h"

#include <algorithm>
#include <utility>

#include "formats/hub/model_config.h"

namespace llamahome::managers {
namespace {

constexpr int kShortestRow = 64; ///< tokens; rows cut shorter than that teach nothing

/// Looks for settings with which a run fits, on data that is already read.
class ChangeFinder {
public:
    ChangeFinder(const jobs::TrainPlan& plan, const formats::ModelConfig& model, const jobs::RowSizes& data,
                 const jobs::DataRoot& root, const jobs::TrainForecast& forecast)
        : m_plan(plan)
        , m_model(model)
        , m_data(data)
        , m_root(root)
        , m_forecast(forecast) {}

    std::vector<FitChange> find() {
        if (m_forecast.fitsMemory()) {
            findForDisk();
            return std::move(m_found);
        }
        tryBatch({});
        if (!recomputesAll()) tryOne({recompute()});
        if (m_found.empty() && !recomputesAll()) tryBatch({recompute()});
        tryLength({});
        if (m_found.empty()) tryLength({recompute(), batchOfOne()});
        return std::move(m_found);
    }

private:
    using Settings = std::vector<config::OptionValue>;

    bool recomputesAll() const { return m_forecast.recomputedLayers == m_forecast.layers; }
    static config::OptionValue recompute() { return {"training.gradient_checkpointing", "on"}; }
    static config::OptionValue batchOfOne() { return {"training.batch_size", "1"}; }

    bool tryOne(const Settings& settings) {
        jobs::TrainPlan changed = m_plan;
        for (const config::OptionValue& setting : settings)
            apply(changed.settings.training, setting);
        const jobs::RowSizes data =
            jobs::cutAfter(m_data, static_cast<std::uint32_t>(changed.settings.training.max_length));
        const auto forecast = jobs::forecastTraining(changed, m_model, data, m_root, {});
        if (!forecast || !forecast->fitsMemory() || !forecast->fitsDisk()) return false;
        m_found.push_back({settings, forecast->memory.total()});
        return true;
    }

    static void apply(config::TrainingSettings& training, const config::OptionValue& setting) {
        if (setting.key == "training.gradient_checkpointing") training.gradient_checkpointing = setting.value;
        const int number = numberOf(setting.value);
        if (setting.key == "training.batch_size") training.batch_size = number;
        if (setting.key == "training.gradient_accumulation") training.gradient_accumulation = number;
        if (setting.key == "training.max_length") training.max_length = number;
        if (setting.key == "training.checkpoint.keep") training.checkpoint.keep = number;
        if (setting.key == "training.lora.r") training.lora.r = number;
    }

    static int numberOf(const std::string& text) {
        int number = 0;
        for (const char c : text)
            number = c >= '0' && c <= '9' ? 10 * number + (c - '0') : number;
        return number;
    }

    /// The largest smaller batch that fits; the accumulation grows with it, so that a step sees as many rows.
    void tryBatch(const Settings& with) {
        const int rows = m_forecast.batchSize;
        const int accumulation = m_forecast.gradientAccumulation;
        for (int smaller = rows / 2; smaller >= 1; smaller /= 2) {
            Settings settings = with;
            settings.push_back({"training.batch_size", std::to_string(smaller)});
            settings.push_back({"training.gradient_accumulation",
                                std::to_string((rows * accumulation + smaller - 1) / smaller)});
            if (tryOne(settings)) return;
        }
    }

    void tryLength(const Settings& with) {
        const auto longest = static_cast<int>(std::min<std::uint64_t>(
            m_data.counts.longestRow, static_cast<std::uint64_t>(m_plan.settings.training.max_length)));
        int length = kShortestRow;
        while (2 * length < longest)
            length *= 2;
        for (; length >= kShortestRow; length /= 2) {
            Settings settings = with;
            settings.push_back({"training.max_length", std::to_string(length)});
            if (tryOne(settings)) return;
        }
    }

    void findForDisk() {
        if (m_plan.settings.training.checkpoint.keep > 1 && tryOne({{"training.checkpoint.keep", "1"}}))
            return;
        for (int r = m_plan.settings.training.lora.r / 2; r >= 1; r /= 2)
            if (tryOne({{"training.lora.r", std::to_string(r)}})) return;
    }

    const jobs::TrainPlan& m_plan;
    const formats::ModelConfig& m_model;
    const jobs::RowSizes& m_data;
    const jobs::DataRoot& m_root;
    const jobs::TrainForecast& m_forecast;
    std::vector<FitChange> m_found;
};

} // namespace

Result<TrainingOutlook> lookAhead(const jobs::TrainPlan& plan, const jobs::RowSizes& sizes,
                                  const jobs::DataRoot& root,
                                  const std::optional<jobs::TrainRate>& measured) {
    const auto model = formats::readModelConfig(plan.modelFolder / "config.json");
    if (!model) return model.error();
    const auto rate = measured ? measured : jobs::rateOfRuns(plan, root);
    const auto forecast = jobs::forecastTraining(plan, *model, sizes, root,
                                                 rate ? std::optional(rate->tokensPerSecond) : std::nullopt);
    if (!forecast) return forecast.error();
    TrainingOutlook outlook;
    outlook.forecast = *forecast;
    outlook.settled = jobs::settledInWords(*forecast, plan.settings.training);
    if (rate) outlook.rateFrom = rate->from;
    if (const auto fits = jobs::checkFits(*forecast, plan.settings); !fits) {
        outlook.misfit = fits.error();
        outlook.changes = ChangeFinder(plan, *model, sizes, root, *forecast).find();
    }
    return outlook;
}

} // namespace llamahome::managers
