#include "formats/gguf/gguf_pairs.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/utf8.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxKeyBytes = 65535;

} // namespace

void GgufPairs::addText(std::string_view key, std::string_view text) {
    begin(key, GgufKind::String);
    appendText(text);
    if (!isUtf8(text)) report(codes::kGgufValueType, key, "its value is not UTF-8");
}

void GgufPairs::addTexts(std::string_view key, const std::vector<std::string>& texts) {
    beginArray(key, GgufKind::String, texts.size());
    for (const std::string& text : texts)
        appendText(text);
    if (!std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return isUtf8(text); }))
        report(codes::kGgufValueType, key, "one of its values is not UTF-8");
}

void GgufPairs::appendText(std::string_view text) {
    appendNumber(static_cast<std::uint64_t>(text.size()));
    m_bytes += text;
}

void GgufPairs::begin(std::string_view key, GgufKind kind) {
    if (key.empty() || key.size() > kMaxKeyBytes || !isUtf8(key) || !isPlainText(key))
        report(codes::kGgufKey, key, "not an allowed key");
    if (!m_keys.emplace(key).second) report(codes::kGgufKey, key, "written twice");
    appendText(key);
    appendNumber(kind);
}

void GgufPairs::beginArray(std::string_view key, GgufKind kind, std::size_t count) {
    begin(key, GgufKind::Array);
    appendNumber(kind);
    appendNumber(static_cast<std::uint64_t>(count));
}

void GgufPairs::report(ErrorCode code, std::string_view key, const char* what) {
    if (!m_problem) m_problem = Error{code, "GGUF metadata " + quotedText(key) + ": " + what};
}

} // namespace llamahome::formats
