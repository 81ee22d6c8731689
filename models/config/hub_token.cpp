#include "config/hub_token.h"

#include <algorithm>

#include "core/error_codes.h"
#include "core/file_layer.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxTokenBytes = 4096;

/// `~/x` in the home of the environment; other paths as they are.
fs::path wholePath(const std::string& text, const Environment& environment) {
    if (text != "~" && !text.starts_with("~/")) return text;
    const fs::path home = environmentValue(environment, "HOME");
    return home.is_absolute() ? home / text.substr(std::min<std::size_t>(2, text.size())) : fs::path();
}

} // namespace

fs::path hubTokenFile(const Environment& environment) {
    if (const std::string named = environmentValue(environment, "HF_TOKEN_PATH"); !named.empty())
        return wholePath(named, environment);
    if (const std::string hub = environmentValue(environment, "HF_HOME"); !hub.empty())
        return wholePath(hub, environment) / "token";
    const fs::path cache = environmentValue(environment, "XDG_CACHE_HOME");
    if (cache.is_absolute()) return cache / "huggingface" / "token";
    const fs::path home = environmentValue(environment, "HOME");
    return home.is_absolute() ? home / ".cache" / "huggingface" / "token" : fs::path();
}

std::string trimmedToken(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin));
}

std::string faultOfToken(std::string_view text) {
    const auto isOdd = [](char c) { return c <= 0x20 || c == 0x7F; }; // bytes beyond ASCII are negative
    if (text.empty()) return "found nothing";
    if (text.size() > kMaxTokenBytes) return "found a text that is too long";
    if (std::any_of(text.begin(), text.end(), isOdd)) return "found blanks or odd characters";
    return {};
}

Result<HubToken> hubToken(const Environment& environment) {
    if (isTrueWord(environmentValue(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return HubToken{};
    for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
        if (std::string token = trimmedToken(environmentValue(environment, name)); !token.empty())
            return HubToken{std::move(token), name};
    const fs::path file = hubTokenFile(environment);
    if (file.empty() || !isThere(file)) return HubToken{};
    const auto text = readFile(file, kMaxTokenBytes);
    if (!text)
        return Error{codes::kHubToken,
                     "the Hub's token file: " + text.error().message + "; or set HF_TOKEN, or HF_TOKEN_PATH",
                     text.error().detail};
    std::string token = trimmedToken(*text);
    if (token.empty()) return HubToken{};
    if (const std::string fault = faultOfToken(token); !fault.empty())
        return Error{codes::kHubToken, "the Hub's token file " + displayPath(file) + ": " + fault +
                                           ", expected a token such as hf_… alone; write it anew"};
    return HubToken{std::move(token), displayPath(file)};
}

} // namespace llamahome::config
