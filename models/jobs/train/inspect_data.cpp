#include "jobs/train/inspect_data.h"

#include <variant>

#include "jobs/chat_template_choice.h"
#include "jobs/train/train_data.h"
#include "text/data/dataset.h"
#include "text/template/chat_template.h"
#include "text/tokenizer/stream_decoder.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

/// The first row that would be trained on; an empty one where there is none.
Result<text::TokenRow> firstUsableRow(const std::vector<fs::path>& dataFiles,
                                      const text::DatasetOptions& options, const text::RowBuilder& builder) {
    for (const fs::path& file : dataFiles) {
        auto reader = text::DatasetReader::open(file, options);
        if (!reader) return reader.error();
        for (;;) {
            const auto row = reader->next();
            if (!row) return row.error();
            if (!row->has_value()) break;
            const auto* example = std::get_if<text::Example>(&**row);
            if (example == nullptr) continue;
            auto built = builder.build(*example);
            if (built && !built->isDropped) return std::move(built->row);
        }
    }
    return text::TokenRow{};
}

} // namespace

Result<std::vector<TrainedSpan>> spansOf(const text::TokenRow& row, const text::Tokenizer& tokenizer) {
    text::StreamDecoder decoder(tokenizer, /*skipSpecial=*/false);
    std::vector<TrainedSpan> spans;
    for (std::size_t i = 0; i < row.tokens.size(); ++i) {
        const auto piece = decoder.feed(row.tokens[i]);
        if (!piece) return piece.error();
        const bool isSupervised = i > 0 && row.supervised[i] != 0; // the first token is never a target
        if (spans.empty() || spans.back().supervised != isSupervised) spans.push_back({{}, isSupervised});
        spans.back().text += *piece;
    }
    if (!spans.empty()) spans.back().text += decoder.flush();
    return spans;
}

Result<DataReport> inspectData(const std::vector<fs::path>& dataFiles, const fs::path& modelFolder,
                               const config::Settings& settings, const CancelToken& cancel,
                               const ProgressSink& progress) {
    const auto tokenizer = text::Tokenizer::load(modelFolder);
    if (!tokenizer) return tokenizer.error();
    const auto chatTemplate = chosenTemplate(modelFolder, settings.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    const text::RowBuilder builder(*tokenizer, *chatTemplate, rowOptionsOf(settings));
    const text::DatasetOptions options{settings.data.map};
    auto summary = text::summariseDataset(dataFiles, options, builder, cancel, progress);
    if (!summary) return summary.error();
    auto row = firstUsableRow(dataFiles, options, builder);
    if (!row) return row.error();
    auto example = spansOf(*row, *tokenizer);
    if (!example) return example.error();
    return DataReport{std::move(*summary), chatTemplate->name(), std::move(*example), std::move(*row)};
}

} // namespace llamahome::jobs
