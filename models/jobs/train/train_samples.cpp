#include "jobs/train/train_samples.h"

#include <algorithm>
#include <span>

#include "core/error_codes.h"
#include "core/json.h"
#include "jobs/chat/chat_session.h"
#include "jobs/json_lines.h"
#include "jobs/record_fields.h"

namespace llamahome::jobs {
namespace {

Json sampleJson(const SampleAnswer& sample) {
    return {{"when", sample.when},
            {"step", sample.step},
            {"prompt", sample.prompt},
            {"reference", sample.reference},
            {"answer", sample.answer}};
}

/// Answers of some prompts, together; a prompt that cannot be rendered or answered has its error.
std::vector<Result<SampleAnswer>> answerTogether(OpenModel& model, std::span<const DataExample> prompts,
                                                 const std::string& date, int tokens,
                                                 const CancelToken& cancel) {
    std::vector<Result<SampleAnswer>> samples;
    std::vector<std::vector<std::int32_t>> rendered;
    std::vector<std::size_t> places; // of the rendered ones among all
    for (const DataExample& prompt : prompts) {
        const auto ids = conversationTokens(model.tokenizer, model.chatTemplate, prompt.messages, date);
        SampleAnswer sample;
        sample.prompt = prompt.messages.back().content;
        sample.reference = prompt.reference;
        samples.push_back(ids ? Result<SampleAnswer>(std::move(sample)) : Result<SampleAnswer>(ids.error()));
        if (!ids) continue;
        rendered.push_back(*ids);
        places.push_back(samples.size() - 1);
    }
    AnswerOptions options;
    options.sampling.maxNewTokens = tokens;
    auto answers = generateTexts(*model.model, model.tokenizer, rendered, options, cancel);
    for (std::size_t i = 0; i < places.size(); ++i) {
        Result<SampleAnswer>& sample = samples[places[i]];
        if (!answers[i])
            sample = answers[i].error();
        else if (answers[i]->finish == engine::FinishReason::Cancelled)
            sample = Error{codes::kCancelled, "stopped"};
        else
            sample->answer = std::move(answers[i]->text);
    }
    return samples;
}

} // namespace

std::vector<DataExample> samplePrompts(const config::Settings& settings,
                                       const std::vector<DataExample>& fromData) {
    if (settings.training.evaluation.prompts.empty()) return fromData;
    std::vector<DataExample> prompts;
    for (const std::string& prompt : settings.training.evaluation.prompts) {
        DataExample example;
        if (!settings.data.system.empty()) example.messages.push_back({"system", settings.data.system});
        example.messages.push_back({"user", prompt});
        prompts.push_back(std::move(example));
    }
    return prompts;
}

void dropAnswered(std::vector<DataExample>& prompts, const std::vector<SampleAnswer>& samples,
                  std::string_view when, std::int64_t step) {
    std::erase_if(prompts, [&](const DataExample& prompt) {
        return std::any_of(samples.begin(), samples.end(), [&](const SampleAnswer& sample) {
            return sample.when == when && sample.step == step &&
                   sample.prompt == prompt.messages.back().content;
        });
    });
}

void answerSamples(OpenModel& model, const std::vector<DataExample>& prompts, const std::string& date,
                   std::string_view when, std::int64_t step, int tokens, FileLayer& files,
                   const std::filesystem::path& file, const SampleListener& listener,
                   const CancelToken& cancel) {
    std::uint64_t done = 0;
    const auto tell = [&] {
        if (listener.onProgress)
            listener.onProgress({"answering", done, prompts.size(), std::string(kPromptUnit)});
    };
    while (done < prompts.size()) {
        if (cancel.isCancelled()) return;
        tell();
        const std::size_t count = std::min<std::size_t>(prompts.size() - done, kAnsweredTogether);
        auto samples = answerTogether(model, std::span(prompts).subspan(done, count), date, tokens, cancel);
        done += count;
        for (auto& sample : samples) {
            if (!sample && sample.error().code == codes::kCancelled) return;
            if (!sample) {
                listener.onNotice("a sample " + std::string(when) +
                                  " training failed: " + sample.error().message);
                continue;
            }
            sample->when = when;
            sample->step = step;
            listener.onSample(*sample);
            auto lines = JsonLines::open(files, file);
            auto written = lines ? lines->append(sampleJson(*sample)) : Result<void>(lines.error());
            if (!written) listener.onNotice("a sample is not kept: " + written.error().message);
        }
    }
    tell();
}

Result<void> dropSamplesAfter(FileLayer& files, const std::filesystem::path& file, std::int64_t step) {
    auto lines = JsonLines::open(files, file);
    if (!lines) return lines.error();
    return lines->append(Json{{"kind", "resume"}, {"step", step}});
}

std::vector<SampleAnswer> readSamples(const std::filesystem::path& file) {
    std::vector<SampleAnswer> samples;
    (void)forEachJsonLine(file, [&samples](const Json& json) {
        RecordFields fields(json, "sample", codes::kRunDamaged);
        if (fields.has("kind")) {
            const std::int64_t last = fields.integer("step");
            std::erase_if(samples,
                          [&](const SampleAnswer& one) { return one.when != "before" && one.step > last; });
            return;
        }
        SampleAnswer sample{fields.text("when"), fields.integer("step"), fields.text("prompt"),
                            fields.text("reference"), fields.text("answer")};
        if (fields.problem()) return;
        std::erase_if(samples, [&](const SampleAnswer& earlier) {
            const bool isOfMoment = earlier.when != "during" || earlier.step == sample.step;
            return earlier.when == sample.when && isOfMoment && earlier.prompt == sample.prompt;
        });
        samples.push_back(std::move(sample));
    });
    return samples;
}

} // namespace llamahome::jobs
