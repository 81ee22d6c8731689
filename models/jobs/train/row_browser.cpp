#include "jobs/train/row_browser.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "core/error_codes.h"
#include "jobs/chat_template_choice.h"
#include "jobs/train/train_data.h"
#include "text/tokenizer/stream_decoder.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

text::RowOptions withoutCut(text::RowOptions options) {
    options.maxLength = std::numeric_limits<std::size_t>::max();
    return options;
}

std::vector<std::int32_t> idsOf(const text::Tokenizer& tokenizer, const std::vector<std::string>& tokens) {
    std::vector<std::int32_t> ids;
    for (const std::string& token : tokens)
        if (const auto id = tokenizer.idOf(token)) ids.push_back(*id);
    return ids;
}

} // namespace

bool ShownRow::isDropped() const {
    return std::none_of(tokens.begin(), tokens.end(), [](const ShownToken& token) {
        return token.part == TokenPart::Learned || token.part == TokenPart::TurnEnd;
    });
}

RowBrowser::RowBrowser(std::vector<fs::path> files, text::Tokenizer tokenizer,
                       text::ChatTemplate chatTemplate, const config::Settings& settings)
    : m_files(std::move(files))
    , m_tokenizer(std::move(tokenizer))
    , m_template(std::move(chatTemplate))
    , m_options{settings.data.map}
    , m_maxLength(rowOptionsOf(settings).maxLength)
    , m_builder(m_tokenizer, m_template, rowOptionsOf(settings))
    , m_wholeRows(m_tokenizer, m_template, withoutCut(rowOptionsOf(settings)))
    , m_turnEnds(idsOf(m_tokenizer, m_template.answerEnds())) {}

Result<RowBrowser> RowBrowser::open(std::vector<fs::path> files, const fs::path& modelFolder,
                                    const config::Settings& settings) {
    auto tokenizer = text::Tokenizer::load(modelFolder);
    if (!tokenizer) return tokenizer.error();
    auto chatTemplate = chosenTemplate(modelFolder, settings.data.template_name);
    if (!chatTemplate) return chatTemplate.error();
    return RowBrowser(std::move(files), std::move(*tokenizer), std::move(*chatTemplate), settings);
}

Result<std::optional<ShownRow>> RowBrowser::shown(const text::Example& example) {
    const auto built = m_wholeRows.build(example);
    if (!built) return std::optional<ShownRow>(); // a bad row, which the summary counts
    ShownRow row{++m_passed, m_files[m_file], example.line, {}};
    text::StreamDecoder decoder(m_tokenizer, /*skipSpecial=*/false);
    ShownToken token;
    const auto& [ids, supervised] = built->row;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto piece = decoder.feed(ids[i]);
        if (!piece) return piece.error();
        const bool isEnd = std::find(m_turnEnds.begin(), m_turnEnds.end(), ids[i]) != m_turnEnds.end();
        const bool isLearned = i > 0 && supervised[i] != 0; // the first token is never a target
        token.text += *piece;
        token.ids.push_back(ids[i]);
        token.part = i >= m_maxLength ? TokenPart::Cut
                     : !isLearned     ? TokenPart::Given
                     : isEnd          ? TokenPart::TurnEnd
                                      : TokenPart::Learned;
        const bool isWhole = !piece->empty() || i + 1 == ids.size() || i + 1 == m_maxLength;
        if (isWhole) row.tokens.push_back(std::exchange(token, {}));
    }
    if (!row.tokens.empty()) row.tokens.back().text += decoder.flush();
    return std::optional(std::move(row));
}

Result<std::optional<ShownRow>> RowBrowser::next(const CancelToken& cancel) {
    while (m_file < m_files.size()) {
        if (cancel.isCancelled()) return Error{codes::kCancelled, "looking at the data was stopped"};
        if (!m_reader) {
            auto reader = text::DatasetReader::open(m_files[m_file], m_options);
            if (!reader) return reader.error();
            m_reader.emplace(std::move(*reader));
        }
        auto row = m_reader->next();
        if (!row) return row.error();
        if (!row->has_value()) {
            m_reader.reset();
            ++m_file;
            continue;
        }
        const auto* example = std::get_if<text::Example>(&**row);
        if (example == nullptr) continue;
        auto made = shown(*example);
        if (!made || *made) return made;
    }
    return std::optional<ShownRow>();
}

Result<std::optional<ShownRow>> RowBrowser::row(std::uint64_t number, const CancelToken& cancel) {
    if (number <= m_passed) {
        m_reader.reset();
        m_file = 0;
        m_passed = 0;
    }
    for (;;) {
        auto found = next(cancel);
        if (!found || !*found || (*found)->number == number) return found;
    }
}

Result<std::optional<ShownRow>> RowBrowser::firstLearned(const CancelToken& cancel) {
    for (std::uint64_t number = 1;; ++number) {
        auto found = row(number, cancel);
        if (!found || !*found || !(*found)->isDropped()) return found;
    }
}

} // namespace llamahome::jobs
