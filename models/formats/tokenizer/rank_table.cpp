#include "formats/tokenizer/rank_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/file_text.h"
#include "formats/tokenizer/byte_alphabet.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxTokenBytes = 256; ///< the longest of Llama 3 has 128
constexpr char kSentencePieceStart = '\n';  ///< field 1 of its protobuf
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of padded base64, or nothing where it is none. In each group of four, the characters after the
/// first end one byte each.
std::optional<std::string> decodeBase64(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && text[text.size() - 1 - padding] == '=')
        ++padding;
    std::string bytes;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < text.size() - padding; ++i) {
        const std::size_t value = kBase64.find(text[i]);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        if (i % 4 != 0) bytes.push_back(static_cast<char>(bits >> (6U - 2U * (i % 4))));
    }
    return bytes;
}

std::optional<std::size_t> number(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

} // namespace

Result<std::vector<std::string>> readRankTable(const std::filesystem::path& tokenizerModel) {
    const auto text = readFile(tokenizerModel);
    if (!text) return text.error();
    const std::string shown = displayPath(tokenizerModel);
    if (text->starts_with(kSentencePieceStart))
        return Error{codes::kTokenizerKind, shown + ": found a SentencePiece model, expected lines of base64 "
                                                    "and rank as Llama 3 has them; this kind is not read"};
    std::vector<std::string> tokens;
    std::unordered_map<std::string, std::size_t> lines;
    std::size_t lineNumber = 0;
    const auto refuse = [&](const std::string& what) {
        return Error{codes::kRankTable,
                     shown + ": line " + std::to_string(lineNumber) + ": " + what + "; get the file again"};
    };
    for (std::string_view rest = *text; !rest.empty();) {
        ++lineNumber;
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.empty()) continue;
        const std::size_t blank = line.find(' ');
        auto bytes = blank == std::string_view::npos ? std::nullopt : decodeBase64(line.substr(0, blank));
        if (!bytes) return refuse("found " + quotedText(line) + ", expected base64, a blank and a rank");
        if (bytes->empty() || bytes->size() > kMaxTokenBytes)
            return refuse("found a token of " + std::to_string(bytes->size()) + " bytes, expected 1 to " +
                          std::to_string(kMaxTokenBytes));
        if (number(line.substr(blank + 1)) != tokens.size())
            return refuse("found the rank " + quotedText(line.substr(blank + 1)) + ", expected " +
                          std::to_string(tokens.size()));
        const auto [earlier, isNew] = lines.emplace(*bytes, lineNumber);
        if (!isNew) return refuse("found the token of line " + std::to_string(earlier->second) + " again");
        tokens.push_back(std::move(*bytes));
    }
    for (int byte = 0; byte < 256; ++byte)
        if (!lines.contains(std::string(1, static_cast<char>(byte))))
            return refuse("found no token for the single byte " + std::to_string(byte));
    return tokens;
}

Result<std::vector<std::string>> mergesOfRanks(const std::vector<std::string>& tokens,
                                               const std::string& what) {
    std::unordered_map<std::string_view, std::size_t> ranks;
    std::vector<std::string> spellings;
    for (std::size_t rank = 0; rank < tokens.size(); ++rank) {
        ranks.emplace(tokens[rank], rank);
        spellings.push_back(spellingOfBytes(tokens[rank]));
    }
    std::vector<std::string> merges;
    std::size_t bytes = 0; // at most: a byte is spelled with one or two
    std::vector<std::pair<std::size_t, std::size_t>> splits;
    for (const std::string& token : tokens) {
        splits.clear();
        for (std::size_t at = 1; at < token.size(); ++at) {
            const auto left = ranks.find(std::string_view(token).substr(0, at));
            const auto right = ranks.find(std::string_view(token).substr(at));
            if (left != ranks.end() && right != ranks.end()) splits.emplace_back(left->second, right->second);
        }
        std::sort(splits.begin(), splits.end());
        bytes += splits.size() * (2 * token.size() + 1);
        if (bytes > kMaxMergeBytes)
            return Error{codes::kTokenizerLimit, what + ": its merges take more than " +
                                                     std::to_string(kMaxMergeBytes >> 20U) +
                                                     " MiB, which no tokenizer needs; get the file again"};
        for (const auto& [left, right] : splits)
            merges.push_back(spellings[left] + " " + spellings[right]);
    }
    return merges;
}

} // namespace llamahome::formats
