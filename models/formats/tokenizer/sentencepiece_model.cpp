#include "formats/tokenizer/sentencepiece_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/file_text.h"
#include "formats/tokenizer/protobuf_reader.h"
#include "formats/tokenizer/scored_merges.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxPieces = 1'000'000;
constexpr std::size_t kMaxPieceBytes = 1024;
constexpr std::uint64_t kBpe = 2;

enum class PieceType : std::uint64_t { Normal = 1, Unknown, Control, UserDefined, Unused, Byte };

struct Piece {
    std::string_view text;
    float score = 0.0F;
    PieceType type = PieceType::Normal;
};

struct Model {
    std::vector<Piece> pieces;
    std::uint64_t kind = 1; ///< of trainer_spec.model_type; Unigram where it is not written
    bool blankAsSuffix = false;
    bool byteFallback = false;
    std::int64_t bos = 1;
    std::int64_t eos = 2;
    std::int64_t pad = -1;
    bool hasTable = false; ///< of characters that are replaced
    bool addsMark = true;
    bool collapsesBlanks = true;
    bool escapesBlanks = true;
};

/// Calls `visit(field)` with each field of a message; stops at the first error.
template <class Visit>
Result<void> forEachField(std::string_view bytes, std::size_t offset, std::string_view what,
                          const Visit& visit) {
    ProtobufReader reader(bytes, offset, what);
    while (true) {
        const auto field = reader.next();
        if (!field) return field.error();
        if (!*field) return {};
        if (auto visited = visit(**field); !visited) return visited;
    }
}

std::int64_t idOf(const ProtobufField& field) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(field.value));
}

Error badPiece(std::string_view what, std::size_t id, const std::string& found) {
    return Error{codes::kMergeShape, std::string(what) + ": piece " + std::to_string(id) + " has " + found +
                                         "; get the model again"};
}

Result<Piece> readPiece(const ProtobufField& message, std::size_t id, std::string_view what) {
    Piece piece;
    auto read = forEachField(message.bytes, message.offset, what, [&](const ProtobufField& field) {
        if (field.number == 1) piece.text = field.bytes;
        if (field.number == 2) piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
        if (field.number == 3) piece.type = static_cast<PieceType>(field.value);
        return Result<void>();
    });
    if (!read) return read.error();
    if (piece.text.empty() || piece.text.size() > kMaxPieceBytes)
        return badPiece(what, id,
                        std::to_string(piece.text.size()) + " bytes of text, expected 1 to " +
                            std::to_string(kMaxPieceBytes));
    if (!isUtf8(piece.text)) return badPiece(what, id, "the text " + quotedText(piece.text) + ", no UTF-8");
    if (!std::isfinite(piece.score)) return badPiece(what, id, "a score that is no number");
    if (piece.type < PieceType::Normal || piece.type > PieceType::Byte || piece.type == PieceType::Unused)
        return Error{codes::kTokenizerKind,
                     std::string(what) + ": piece " + std::to_string(id) + ", " + quotedText(piece.text) +
                         ", is of the type " + std::to_string(static_cast<std::uint64_t>(piece.type)) +
                         ", which is not read; known: normal, unknown, control, user-defined, byte"};
    return piece;
}

Result<void> readTrainerSpec(const ProtobufField& message, Model& model, std::string_view what) {
    return forEachField(message.bytes, message.offset, what, [&](const ProtobufField& field) {
        if (field.number == 3) model.kind = field.value;
        if (field.number == 24) model.blankAsSuffix = field.value != 0;
        if (field.number == 35) model.byteFallback = field.value != 0;
        if (field.number == 41) model.bos = idOf(field);
        if (field.number == 42) model.eos = idOf(field);
        if (field.number == 43) model.pad = idOf(field);
        return Result<void>();
    });
}

Result<void> readNormalizerSpec(const ProtobufField& message, Model& model, std::string_view what) {
    return forEachField(message.bytes, message.offset, what, [&](const ProtobufField& field) {
        if (field.number == 2) model.hasTable = !field.bytes.empty();
        if (field.number == 3) model.addsMark = field.value != 0;
        if (field.number == 4) model.collapsesBlanks = field.value != 0;
        if (field.number == 5) model.escapesBlanks = field.value != 0;
        return Result<void>();
    });
}

Result<Model> readModel(std::string_view bytes, std::string_view what) {
    Model model;
    auto read = forEachField(bytes, 0, what, [&](const ProtobufField& field) -> Result<void> {
        if (!field.isBytes) return {};
        if (field.number == 2) return readTrainerSpec(field, model, what);
        if (field.number == 3) return readNormalizerSpec(field, model, what);
        if (field.number != 1) return {};
        if (model.pieces.size() == kMaxPieces)
            return Error{codes::kTokenizerLimit,
                         std::string(what) + ": found more than " + std::to_string(kMaxPieces) + " pieces"};
        auto piece = readPiece(field, model.pieces.size(), what);
        if (!piece) return piece.error();
        model.pieces.push_back(*piece);
        return {};
    });
    if (!read) return read.error();
    return model;
}

/// Refuses what would give other tokens than the file means.
Result<void> checkKind(const Model& model, std::string_view what) {
    const auto refused = [&](const std::string& found) {
        return Error{codes::kTokenizerKind, std::string(what) + ": found " + found +
                                                "; this kind of SentencePiece model is not read"};
    };
    if (model.kind != kBpe) return refused("model type " + std::to_string(model.kind) + ", expected 2 (BPE)");
    if (model.blankAsSuffix) return refused("blanks at the end of pieces");
    if (model.hasTable) return refused("a normaliser with a table of characters, expected identity");
    if (!model.escapesBlanks) return refused("blanks that are not escaped");
    const auto unknowns = std::count_if(model.pieces.begin(), model.pieces.end(),
                                        [](const Piece& piece) { return piece.type == PieceType::Unknown; });
    if (unknowns == 1) return {};
    return Error{codes::kSpecialToken, std::string(what) + ": found " + std::to_string(unknowns) +
                                           " unknown pieces, expected 1; get the model again"};
}

TokenKind kindOf(PieceType type) {
    switch (type) {
    case PieceType::Unknown:
        return TokenKind::Unknown;
    case PieceType::Control:
        return TokenKind::Special;
    case PieceType::UserDefined:
        return TokenKind::UserDefined;
    case PieceType::Byte:
        return TokenKind::Byte;
    default:
        return TokenKind::Ordinary;
    }
}

Result<void> checkUnique(const Model& model, std::string_view what) {
    std::unordered_map<std::string_view, std::size_t> ids;
    for (std::size_t id = 0; id < model.pieces.size(); ++id) {
        const auto [other, isNew] = ids.emplace(model.pieces[id].text, id);
        if (!isNew)
            return Error{codes::kTokenTwice, std::string(what) + ": the piece " +
                                                 quotedText(model.pieces[id].text) + " has the ids " +
                                                 std::to_string(other->second) + " and " +
                                                 std::to_string(id) + "; get the model again"};
    }
    return {};
}

} // namespace

bool isSentencePieceModel(std::string_view bytes) {
    return bytes.starts_with('\n');
}

Result<TokenizerParts> partsOfSentencePiece(std::string_view bytes, std::string_view what) {
    const auto model = readModel(bytes, what);
    if (!model) return model.error();
    if (auto checked = checkKind(*model, what); !checked) return checked.error();
    if (auto checked = checkUnique(*model, what); !checked) return checked.error();
    TokenizerParts parts;
    std::vector<float> scores;
    for (const Piece& piece : model->pieces) {
        parts.tokens.emplace_back(piece.text);
        parts.kinds.push_back(kindOf(piece.type));
        scores.push_back(piece.score);
    }
    parts.characters = CharacterBpe{model->addsMark, model->collapsesBlanks, model->byteFallback};
    auto merges = mergesOfScores(parts, scores, what);
    if (!merges) return merges.error();
    parts.merges = std::move(*merges);
    const auto role = [&](std::int64_t id) {
        const bool isThere = id >= 0 && static_cast<std::size_t>(id) < model->pieces.size() &&
                             model->pieces[static_cast<std::size_t>(id)].type == PieceType::Control;
        return isThere ? std::optional(id) : std::nullopt;
    };
    const auto unknown = std::find(parts.kinds.begin(), parts.kinds.end(), TokenKind::Unknown);
    parts.roles = {role(model->bos), role(model->eos), role(model->pad), unknown - parts.kinds.begin()};
    parts.addsBos = parts.roles.bos.has_value();
    if (parts.roles.eos) parts.endTokens = {*parts.roles.eos};
    return parts;
}

Result<HubTokenizer> tokenizerFromSentencePiece(std::string_view bytes, std::string_view what) {
    const auto parts = partsOfSentencePiece(bytes, what);
    if (!parts) return parts.error();
    return buildHubTokenizer(*parts);
}

} // namespace llamahome::formats
