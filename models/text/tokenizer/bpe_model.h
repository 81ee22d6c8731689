// BpeModel: byte-pair encoding of one piece, from a tokenizer.json's "model". Immutable; any thread.
//
// Source: llama.md 4.3 and huggingface/tokenizers, models/bpe (rank order, leftmost among equals, unknown
// tokens).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "text/tokenizer/merge_table.h"
#include "text/tokenizer/token_table.h"

namespace llamahome::text {

/// A token of a piece and how many of the piece's bytes it stands for.
struct PieceToken {
    std::int32_t id = 0;
    std::uint32_t bytes = 0;
};

/// Working memory of one encoder; one thread.
struct BpeScratch {
    struct Candidate {
        std::uint32_t rank;
        std::uint32_t at; ///< the left symbol
        std::int32_t result;
    };
    std::vector<PieceToken> symbols;
    std::vector<Merge> merges; ///< of symbol i with the one after it
    std::vector<std::uint32_t> next;
    std::vector<std::uint32_t> previous;
    std::vector<Candidate> heap;
    /// Of very long pieces: for each rank the places that wait for it, as a chain through `waiting`.
    struct Waiting {
        std::uint32_t at;
        std::uint32_t next;
    };
    std::vector<std::uint32_t> firstOfRank; ///< all none between two pieces
    std::vector<Waiting> waiting;
    std::vector<std::uint32_t> ranks;  ///< heap of the ranks that places wait for
    std::vector<std::uint32_t> places; ///< that wait for one rank, from the left
};

/// How a vocabulary writes its tokens, and so what merging begins with.
enum class Spelling {
    ByteAlphabet, ///< "Ġthe"; bytes
    Text,         ///< "▁the"; characters
};

class BpeModel {
public:
    /// Reads "model". Errors: TK-01 shape, TK-02 limits, TK-03/04 double entries, TK-05 ids, TK-06/07/08
    /// merges, TK-12 kinds that are not read.
    static Result<BpeModel> parse(const Json& model, Spelling spelling, std::string_view what);

    /// Appends the tokens of one piece. A byte or character without a token becomes, with byte_fallback, the
    /// tokens "<0x0A>" of its bytes; else the unknown token, or nothing where the model has none.
    void encode(std::string_view piece, BpeScratch& scratch, std::vector<PieceToken>& out) const;

    /// Keeps the whole-piece look-up from ever giving `id`: for special tokens, which only their own rule may
    /// give.
    void forbidWholePiece(std::int32_t id);

    /// One more than the greatest id.
    std::size_t idEnd() const { return m_idEnd; }
    /// The id of a token as tokenizer.json spells it ("Ġthe"), or -1.
    std::int32_t idOfSpelling(std::string_view spelling) const;
    /// The bytes of a token; its own text where it is spelled as text or outside the byte alphabet. Empty
    /// without a token.
    std::string_view bytesOf(std::int32_t id) const;
    /// A token as tokenizer.json spells it.
    std::string spellingOf(std::int32_t id) const;
    bool has(std::int32_t id) const;
    /// Number of byte values without a token of their own; 0 for a model of characters without byte_fallback.
    std::size_t missingBytes() const;

private:
    Result<void> readVocabulary(const Json& vocabulary, std::string_view what);
    Result<void> readMerges(const Json& merges, std::string_view what);
    Result<void> readUnknown(const Json& model, std::string_view what);
    Result<void> readByteTokens(std::string_view what);
    /// Notes that a merge goes from the end of one text to the beginning of another.
    void addJunction(std::string_view left, std::string_view right);
    void findWholePieces();

    void encodePart(std::string_view part, BpeScratch& scratch, std::vector<PieceToken>& out) const;
    /// The first place behind `at` that no merge goes over, or the end.
    std::size_t partEnd(std::string_view piece, std::size_t at) const;
    void startSymbols(std::string_view piece, BpeScratch& scratch) const;
    void startCharacters(std::string_view piece, BpeScratch& scratch) const;
    /// Appends the fallback tokens of a character's bytes; false, and nothing, where one is missing.
    bool appendByteTokens(std::string_view character, BpeScratch& scratch) const;
    void mergeShort(BpeScratch& scratch, std::vector<PieceToken>& out) const;
    void mergeLong(BpeScratch& scratch, std::vector<PieceToken>& out) const;
    void mergeVeryLong(BpeScratch& scratch, std::vector<PieceToken>& out) const;
    /// Goes on from symbols of which some are merged already.
    void mergeRest(BpeScratch& scratch, std::vector<PieceToken>& out) const;

    Spelling m_spelling = Spelling::ByteAlphabet;
    TokenTable m_tokens;                                   ///< by bytesOf()
    std::unordered_map<std::string, std::int32_t> m_other; ///< tokens outside the byte alphabet, by spelling
    std::unordered_map<std::int32_t, std::string> m_otherById;
    std::vector<bool> m_known;      ///< by id
    std::vector<bool> m_wholePiece; ///< by id: a piece of these bytes is this token, without merging
    std::array<std::int32_t, 256> m_byteIds{};  ///< of bytes; of a model of characters, for byte_fallback
    std::array<std::int32_t, 128> m_asciiIds{}; ///< of a model of characters
    MergeTable m_merges;
    std::size_t m_mergeCount = 0;
    MergeTable m_junctions;    ///< pairs of characters that a merge joins; of a model of characters
    bool m_cutsPieces = false; ///< a long piece may be encoded part by part
    std::size_t m_idEnd = 0;
    std::int32_t m_unknown = -1;
    bool m_fuseUnknown = false;
    bool m_byteFallback = false;
    bool m_ignoreMerges = false;
};

} // namespace llamahome::text
