#include "jobs/train/train_samples.h"

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

Result<SampleAnswer> answerOne(OpenModel& model, const DataExample& prompt, const std::string& date,
                               const CancelToken& cancel) {
    const auto ids = conversationTokens(model.tokenizer, model.chatTemplate, prompt.messages, date);
    if (!ids) return ids.error();
    AnswerOptions options;
    options.sampling.maxNewTokens = kSampleTokens;
    auto answer = generateText(*model.model, model.tokenizer, *ids, options, {}, cancel);
    if (!answer) return answer.error();
    if (answer->finish == engine::FinishReason::Cancelled) return Error{codes::kCancelled, "stopped"};
    SampleAnswer sample;
    sample.prompt = prompt.messages.back().content;
    sample.reference = prompt.reference;
    sample.answer = std::move(answer->text);
    return sample;
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

void answerSamples(OpenModel& model, const std::vector<DataExample>& prompts, const std::string& date,
                   std::string_view when, std::int64_t step, FileLayer& files,
                   const std::filesystem::path& file, const SampleListener& listener,
                   const CancelToken& cancel) {
    std::uint64_t done = 0;
    const auto tell = [&] {
        if (listener.onProgress)
            listener.onProgress({"answering", done, prompts.size(), std::string(kPromptUnit)});
    };
    for (const DataExample& prompt : prompts) {
        if (cancel.isCancelled()) return;
        tell();
        ++done;
        auto sample = answerOne(model, prompt, date, cancel);
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
    tell();
}

std::vector<SampleAnswer> readSamples(const std::filesystem::path& file) {
    std::vector<SampleAnswer> samples;
    (void)forEachJsonLine(file, [&samples](const Json& json) {
        RecordFields fields(json, "sample", codes::kRunDamaged);
        SampleAnswer sample{fields.text("when"), fields.integer("step"), fields.text("prompt"),
                            fields.text("reference"), fields.text("answer")};
        if (!fields.problem()) samples.push_back(std::move(sample));
    });
    return samples;
}

} // namespace llamahome::jobs
