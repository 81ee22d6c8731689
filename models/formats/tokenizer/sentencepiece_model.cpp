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
#include "formats/tokenizer/rank_table.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxPieces = 1'000'000;
constexpr std::size_t kMaxPieceBytes = 1024;
constexpr const char* kMark = "\xE2\x96\x81"; ///< U+2581, which stands for a blank
constexpr std::uint64_t kBpe = 2;

enum class PieceType : std::uint64_t { Normal = 1, Unknown, Control, UserDefined, Unused, Byte };

struct Piece {
    std::string_view text;
    float score = 0.0F;
    PieceType type = PieceType::Normal;
    bool takesPartInMerges() const { return type == PieceType::Normal; }
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

/// Every way of putting a piece together from two others, the greatest score first.
Result<Json> mergesOf(const Model& model, std::string_view what) {
    std::unordered_map<std::string_view, std::size_t> ids;
    for (std::size_t id = 0; id < model.pieces.size(); ++id) {
        const auto [other, isNew] = ids.emplace(model.pieces[id].text, id);
        if (!isNew)
            return Error{codes::kTokenTwice, std::string(what) + ": the piece " +
                                                 quotedText(model.pieces[id].text) + " has the ids " +
                                                 std::to_string(other->second) + " and " +
                                                 std::to_string(id) + "; get the model again"};
    }
    std::vector<std::size_t> order;
    for (std::size_t id = 0; id < model.pieces.size(); ++id) {
        if (model.pieces[id].takesPartInMerges()) order.push_back(id);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return model.pieces[a].score > model.pieces[b].score;
    });
    const auto isPart = [&](std::string_view text) {
        const auto found = ids.find(text);
        return found != ids.end() && model.pieces[found->second].takesPartInMerges();
    };
    Json merges = Json::array();
    std::size_t bytes = 0;
    for (const std::size_t id : order) {
        const std::string_view text = model.pieces[id].text;
        for (std::size_t at = decodeUtf8(text, 0).length; at < text.size();
             at += decodeUtf8(text, at).length) {
            const std::string_view left = text.substr(0, at);
            const std::string_view right = text.substr(at);
            if (!isPart(left) || !isPart(right)) continue;
            bytes += text.size();
            if (bytes > kMaxMergeBytes)
                return Error{codes::kTokenizerLimit,
                             std::string(what) + ": its merges take more than " +
                                 std::to_string(kMaxMergeBytes >> 20U) +
                                 " MiB, which no tokenizer needs; get the model again"};
            merges.push_back(Json::array({left, right}));
        }
    }
    return merges;
}

Json replaceStep(const char* patternKind, const char* pattern, const char* content) {
    return {{"type", "Replace"}, {"pattern", {{patternKind, pattern}}}, {"content", content}};
}

Json normalizerJson(const Model& model) {
    Json steps = Json::array();
    // The look-arounds stand for the beginning and the end of a text.
    if (model.collapsesBlanks) {
        steps.push_back(replaceStep("Regex", " {2,}", " "));
        steps.push_back(replaceStep("Regex", "(?<!.|\\n) ", ""));
    }
    if (model.addsMark) steps.push_back({{"type", "Prepend"}, {"prepend", kMark}});
    steps.push_back(replaceStep("String", " ", kMark));
    if (model.collapsesBlanks)
        steps.push_back(replaceStep("Regex", "(?<!\xE2\x96\x81)\xE2\x96\x81+(?!.|\\n)", ""));
    return {{"type", "Sequence"}, {"normalizers", std::move(steps)}};
}

Json decoderJson(const Model& model) {
    Json steps = Json::array();
    steps.push_back(replaceStep("String", kMark, " "));
    steps.push_back({{"type", "ByteFallback"}});
    steps.push_back({{"type", "Fuse"}});
    if (model.addsMark) steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
    return {{"type", "Sequence"}, {"decoders", std::move(steps)}};
}

Json addedTokensJson(const Model& model) {
    Json list = Json::array();
    for (std::size_t id = 0; id < model.pieces.size(); ++id) {
        const Piece& piece = model.pieces[id];
        if (piece.type == PieceType::Normal || piece.type == PieceType::Byte) continue;
        list.push_back({{"id", id},
                        {"content", piece.text},
                        {"single_word", false},
                        {"lstrip", false},
                        {"rstrip", false},
                        {"normalized", false},
                        {"special", piece.type != PieceType::UserDefined}});
    }
    return list;
}

/// Puts the bos piece before a text, as the models of this kind are used.
Json postProcessorJson(const Model& model, std::optional<std::int64_t> bos) {
    if (!bos) return nullptr;
    const std::string text(model.pieces[static_cast<std::size_t>(*bos)].text);
    const auto special = [&](int type) { return Json{{"SpecialToken", {{"id", text}, {"type_id", type}}}}; };
    const auto sequence = [](const char* id, int type) {
        return Json{{"Sequence", {{"id", id}, {"type_id", type}}}};
    };
    return {{"type", "TemplateProcessing"},
            {"single", Json::array({special(0), sequence("A", 0)})},
            {"pair", Json::array({special(0), sequence("A", 0), special(1), sequence("B", 1)})},
            {"special_tokens",
             {{text, {{"id", text}, {"ids", Json::array({*bos})}, {"tokens", Json::array({text})}}}}}};
}

} // namespace

bool isSentencePieceModel(std::string_view bytes) {
    return bytes.starts_with('\n');
}

Result<SentencePieceTokenizer> tokenizerFromSentencePiece(std::string_view bytes, std::string_view what) {
    const auto model = readModel(bytes, what);
    if (!model) return model.error();
    if (auto checked = checkKind(*model, what); !checked) return checked.error();
    auto merges = mergesOf(*model, what);
    if (!merges) return merges.error();
    SentencePieceTokenizer result;
    result.size = model->pieces.size();
    const auto role = [&](std::int64_t id) {
        const bool isThere = id >= 0 && static_cast<std::size_t>(id) < model->pieces.size() &&
                             model->pieces[static_cast<std::size_t>(id)].type == PieceType::Control;
        return isThere ? std::optional(id) : std::nullopt;
    };
    result.bosToken = role(model->bos);
    result.eosToken = role(model->eos);
    result.padToken = role(model->pad);
    Json vocabulary = Json::object();
    auto& entries = vocabulary.get_ref<Json::object_t&>();
    std::string unknown;
    for (std::size_t id = 0; id < model->pieces.size(); ++id) {
        entries.emplace_back(std::string(model->pieces[id].text), id);
        if (model->pieces[id].type == PieceType::Unknown) unknown = model->pieces[id].text;
    }
    result.tokenizer = {{"version", "1.0"},
                        {"truncation", nullptr},
                        {"padding", nullptr},
                        {"added_tokens", addedTokensJson(*model)},
                        {"normalizer", normalizerJson(*model)},
                        {"pre_tokenizer", nullptr},
                        {"post_processor", postProcessorJson(*model, result.bosToken)},
                        {"decoder", decoderJson(*model)},
                        {"model",
                         {{"type", "BPE"},
                          {"dropout", nullptr},
                          {"unk_token", unknown},
                          {"continuing_subword_prefix", nullptr},
                          {"end_of_word_suffix", nullptr},
                          {"fuse_unk", true},
                          {"byte_fallback", model->byteFallback},
                          {"ignore_merges", false},
                          {"vocab", std::move(vocabulary)},
                          {"merges", std::move(*merges)}}}};
    return result;
}

} // namespace llamahome::formats
