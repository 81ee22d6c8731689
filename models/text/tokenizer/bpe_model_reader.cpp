#include <algorithm>

#include "core/error_codes.h"
#include "core/json_field.h"
#include "core/utf8.h"
#include "formats/file_text.h"
#include "formats/tokenizer/byte_alphabet.h"
#include "text/text_limits.h"
#include "text/tokenizer/bpe_model.h"

namespace llamahome::text {
namespace {

using formats::quotedText;

Error refused(std::string_view what, const std::string& setting, const std::string& expected) {
    return Error{codes::kTokenizerKind, std::string(what) + ": found " + setting + ", expected " + expected +
                                            "; this kind is not read"};
}

/// Refuses every setting of "model" that would change tokens and is not understood.
Result<void> checkKind(const Json& model, std::string_view what) {
    const std::string type = stringField(model, "type");
    // Old files have no type; a vocabulary with merges is BPE.
    if (type != "BPE" && !(type.empty() && model.contains("merges")))
        return refused(what, "model type " + quotedText(type), "\"BPE\"");
    for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (!stringField(model, name).empty())
            return refused(what, std::string(name) + " with a value", "none");
    }
    const Json* dropout = member(model, "dropout");
    if (dropout != nullptr && dropout->is_number() && dropout->get<double>() != 0.0)
        return refused(what, "dropout " + writeJsonLine(*dropout), "none");
    return {};
}

/// The token that stands for a byte: "<0x0A>".
std::string byteToken(unsigned byte) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

/// A merge's two parts: "left right" or ["left", "right"].
Result<std::pair<std::string, std::string>> partsOf(const Json& merge, const std::string& where) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string() &&
        merge[0] != "" && merge[1] != "")
        return std::pair{merge[0].get<std::string>(), merge[1].get<std::string>()};
    if (merge.is_string()) {
        const auto& text = merge.get_ref<const std::string&>();
        const std::size_t blank = text.find(' ');
        if (blank != std::string::npos && blank > 0 && blank + 1 < text.size() &&
            text.find(' ', blank + 1) == std::string::npos)
            return std::pair{text.substr(0, blank), text.substr(blank + 1)};
    }
    return Error{codes::kMergeShape,
                 where + ": found " + quotedText(writeJsonLine(merge)) +
                     ", expected two tokens, \"left right\" or a pair; get the model again"};
}

} // namespace

Result<BpeModel> BpeModel::parse(const Json& model, Spelling spelling, std::string_view what) {
    const std::string name(what);
    if (!model.is_object()) return Error{codes::kTokenizerShape, name + ": no object \"model\""};
    if (auto checked = checkKind(model, what); !checked) return checked.error();
    BpeModel result;
    result.m_ignoreMerges = boolField(model, "ignore_merges", false);
    result.m_fuseUnknown = boolField(model, "fuse_unk", false);
    result.m_byteFallback = boolField(model, "byte_fallback", false);
    result.m_spelling = spelling;
    const Json* vocabulary = member(model, "vocab");
    if (vocabulary == nullptr || !vocabulary->is_object() || vocabulary->empty())
        return Error{codes::kTokenizerShape, name + ": no object \"vocab\" in \"model\""};
    const Json* merges = member(model, "merges");
    if (merges == nullptr || !merges->is_array())
        return Error{codes::kTokenizerShape, name + ": no list \"merges\" in \"model\""};
    if (auto read = result.readVocabulary(*vocabulary, what); !read) return read.error();
    if (auto read = result.readByteTokens(what); !read) return read.error();
    if (auto read = result.readUnknown(model, what); !read) return read.error();
    if (auto read = result.readMerges(*merges, what); !read) return read.error();
    result.findWholePieces();
    return result;
}

Result<void> BpeModel::readVocabulary(const Json& vocabulary, std::string_view what) {
    const std::string name(what);
    if (vocabulary.size() > kMaxTokens)
        return Error{codes::kTokenizerLimit, name + ": found " + std::to_string(vocabulary.size()) +
                                                 " tokens, expected at most " + std::to_string(kMaxTokens)};
    std::size_t bytes = 0;
    for (const auto& [spelling, id] : vocabulary.items()) {
        if (!id.is_number_integer() || id < 0 || id >= kMaxTokens)
            return Error{codes::kTokenId, name + ": the token " + quotedText(spelling) + " has the id " +
                                              quotedText(writeJsonLine(id)) +
                                              ", expected a whole number from 0 to " +
                                              std::to_string(kMaxTokens - 1)};
        if (spelling.size() > kMaxTokenBytes)
            return Error{codes::kTokenizerLimit,
                         name + ": the token " + quotedText(spelling) + " has " +
                             std::to_string(spelling.size()) + " bytes, expected at most " +
                             std::to_string(kMaxTokenBytes) + "; get the model again"};
        m_idEnd = std::max(m_idEnd, id.get<std::size_t>() + 1);
        bytes += spelling.size();
    }
    m_tokens.reserve(vocabulary.size(), bytes, m_idEnd);
    m_known.assign(m_idEnd, false);
    for (const auto& [spelling, value] : vocabulary.items()) {
        const auto id = value.get<std::int32_t>();
        if (m_known[static_cast<std::size_t>(id)])
            return Error{codes::kTokenDuplicateId, name + ": the tokens " + quotedText(spelling) + " and " +
                                                       quotedText(spellingOf(id)) + " have the same id " +
                                                       std::to_string(id) + "; get the model again"};
        m_known[static_cast<std::size_t>(id)] = true;
        if (m_spelling == Spelling::Text) {
            m_tokens.add(id, spelling);
        } else if (const auto decoded = formats::bytesOfSpelling(spelling)) {
            m_tokens.add(id, *decoded);
        } else {
            m_other.emplace(spelling, id);
            m_otherById.emplace(id, spelling);
        }
    }
    return {};
}

Result<void> BpeModel::readByteTokens(std::string_view what) {
    m_byteIds.fill(-1);
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const std::int32_t single = m_tokens.find({&c, 1});
        if (byte < m_asciiIds.size()) m_asciiIds[byte] = single;
        if (m_spelling == Spelling::ByteAlphabet)
            m_byteIds[byte] = single;
        else if (m_byteFallback)
            m_byteIds[byte] = m_tokens.find(byteToken(byte));
    }
    if (m_spelling == Spelling::ByteAlphabet && m_byteFallback && missingBytes() > 0)
        return refused(what, "byte_fallback true in a byte-level tokenizer that lacks bytes", "false");
    return {};
}

std::string BpeModel::spellingOf(std::int32_t id) const {
    if (m_spelling == Spelling::Text || m_otherById.contains(id)) return std::string(bytesOf(id));
    return formats::spellingOfBytes(bytesOf(id));
}

std::int32_t BpeModel::idOfSpelling(std::string_view spelling) const {
    if (m_spelling == Spelling::Text) return m_tokens.find(spelling);
    if (const auto bytes = formats::bytesOfSpelling(spelling)) return m_tokens.find(*bytes);
    const auto other = m_other.find(std::string(spelling));
    return other == m_other.end() ? -1 : other->second;
}

Result<void> BpeModel::readMerges(const Json& merges, std::string_view what) {
    m_merges.reserve(merges.size());
    m_mergeCount = merges.size();
    m_junctions.reserve(merges.size());
    // Where an unknown character is dropped, its neighbours meet. A piece that is a token is not to be cut.
    const bool drops = m_unknown < 0 && (!m_byteFallback || missingBytes() > 0);
    m_cutsPieces = m_spelling == Spelling::Text && !m_ignoreMerges && !drops;
    std::uint32_t rank = 0;
    for (const Json& merge : merges) {
        const std::string where = std::string(what) + ": merge " + std::to_string(rank + 1);
        const auto parts = partsOf(merge, where);
        if (!parts) return parts.error();
        const auto& [left, right] = *parts;
        const std::int32_t ids[] = {idOfSpelling(left), idOfSpelling(right), idOfSpelling(left + right)};
        const std::string* const names[] = {&left, &right};
        for (int i = 0; i < 3; ++i) {
            if (ids[i] >= 0) continue;
            return Error{codes::kMergeUnknown, where + " of " + quotedText(left) + " and " +
                                                   quotedText(right) + ": the vocabulary lacks " +
                                                   quotedText(i < 2 ? *names[i] : left + right) +
                                                   "; get the model again"};
        }
        if (!m_merges.add(ids[0], ids[1], {rank, ids[2]}))
            return Error{codes::kMergeTwice, where + ": " + quotedText(left) + " and " + quotedText(right) +
                                                 " have an earlier merge; get the model again"};
        ++rank;
        if (m_cutsPieces) addJunction(left, right);
    }
    return {};
}

void BpeModel::addJunction(std::string_view left, std::string_view right) {
    for (const std::string_view text : {left, right}) {
        // The text of these tokens is not what they stand for.
        const std::int32_t id = m_tokens.find(text);
        if (id == m_unknown || std::find(m_byteIds.begin(), m_byteIds.end(), id) != m_byteIds.end())
            m_cutsPieces = false;
    }
    std::size_t last = left.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(left[last]) & 0xC0U) == 0x80U)
        --last;
    m_junctions.add(static_cast<std::int32_t>(decodeUtf8(left, last).codePoint),
                    static_cast<std::int32_t>(decodeUtf8(right, 0).codePoint), {0, 0});
}

Result<void> BpeModel::readUnknown(const Json& model, std::string_view what) {
    const std::string unknown = stringField(model, "unk_token");
    if (unknown.empty()) return {};
    m_unknown = idOfSpelling(unknown);
    if (m_unknown < 0)
        return Error{codes::kSpecialToken, std::string(what) + ": the unknown token " + quotedText(unknown) +
                                               " is not in the vocabulary; get the model again"};
    return {};
}

} // namespace llamahome::text
