// RowBrowser: rows of data files token by token, as a model is trained on them. One thread at a time; not the
// GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "core/cancel_token.h"
#include "core/result.h"
#include "text/data/dataset.h"
#include "text/data/row_builder.h"

namespace llamahome::jobs {

/// What becomes of a token in training.
enum class TokenPart {
    Given,   ///< read, never a target
    Learned, ///< the model is trained to write it
    TurnEnd, ///< learned too: it ends what the assistant says
    Cut,     ///< beyond training.max_length: the model never sees it
};

struct ShownToken {
    std::string text;              ///< special tokens spelled out
    std::vector<std::int32_t> ids; ///< more than one where only together they are characters
    TokenPart part = TokenPart::Given;
};

/// A row with all of its tokens, those behind the cut too.
struct ShownRow {
    std::uint64_t number = 0; ///< among the good rows of all files, from 1
    std::filesystem::path file;
    std::size_t line = 0; ///< where it begins in `file`, from 1
    std::vector<ShownToken> tokens;

    bool isCut() const { return !tokens.empty() && tokens.back().part == TokenPart::Cut; }
    /// Nothing in it is learned, so that it is left out.
    bool isDropped() const;
};

/// Goes forward through the files; for an earlier row it begins anew. Memory: one row.
class RowBrowser {
public:
    /// With the tokenizer and the template of the model, and the settings `data.*` and `training.max_length`.
    /// Errors of these and of the settings.
    static Result<RowBrowser> open(std::vector<std::filesystem::path> files,
                                   const std::filesystem::path& modelFolder,
                                   const config::Settings& settings);

    /// The row of that number; nothing where there are fewer. Bad rows are passed over. DATA-xx and FILE-xx
    /// of the files, RUN-00 when cancelled.
    Result<std::optional<ShownRow>> row(std::uint64_t number, const CancelToken& cancel);
    /// The first row in which something is learned; nothing where there is none.
    Result<std::optional<ShownRow>> firstLearned(const CancelToken& cancel);

    const std::string& templateName() const { return m_template.name(); }
    /// The builder of rows as they are trained on, cut.
    const text::RowBuilder& builder() const { return m_builder; }

private:
    RowBrowser(std::vector<std::filesystem::path> files, text::Tokenizer tokenizer,
               text::ChatTemplate chatTemplate, const config::Settings& settings);
    /// The next good row that can be rendered.
    Result<std::optional<ShownRow>> next(const CancelToken& cancel);
    Result<std::optional<ShownRow>> shown(const text::Example& example);

    std::vector<std::filesystem::path> m_files;
    text::Tokenizer m_tokenizer;
    text::ChatTemplate m_template;
    text::DatasetOptions m_options;
    std::size_t m_maxLength; ///< tokens
    text::RowBuilder m_builder;
    text::RowBuilder m_wholeRows; ///< without the cut
    std::vector<std::int32_t> m_turnEnds;
    std::size_t m_file = 0; ///< index of the one that is read
    std::optional<text::DatasetReader> m_reader;
    std::uint64_t m_passed = 0; ///< good rows
};

} // namespace llamahome::jobs
