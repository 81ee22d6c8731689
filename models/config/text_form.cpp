#include "config/text_form.h"

#include <algorithm>
#include <system_error>

#include "config/chat_template_file.h"
#include "core/file_layer.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

bool isDigits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Makes a path absolute and normal; else what was expected.
std::string makeAbsolute(std::string& text, const PathContext& paths) {
    if (text.find('$') != std::string::npos) return "expected a path without variables; write it out";
    fs::path path(text);
    if (text.front() == '~') {
        const bool isHome = text.size() == 1 || text[1] == '/';
        if (!isHome || paths.home.empty()) return "expected a path that can be resolved; write it out from /";
        path = paths.home / fs::path(text.size() > 2 ? text.substr(2) : std::string());
    } else if (path.is_relative()) {
        path = paths.base / path;
    }
    path = path.lexically_normal();
    if (!path.has_filename() && path.has_relative_path()) path = path.parent_path(); // "a/b/" is "a/b"
    text = displayPath(path);
    return {};
}

std::string applyPath(std::string& text, const PathContext& paths) {
    if (text.empty()) return "expected a folder; remove the empty item";
    std::string absolute = text;
    if (std::string problem = makeAbsolute(absolute, paths); !problem.empty()) return problem;
    const fs::path path(absolute);
    std::error_code failure;
    const fs::file_status status = fs::status(path, failure);
    if (fs::exists(status) && !fs::is_directory(status)) return "which is no folder; name a folder";
    text = std::move(absolute);
    return {};
}

std::string checkUrl(std::string_view text) {
    const std::string expected = "expected an address such as https://huggingface.co; ";
    const bool isSecure = text.starts_with("https://");
    if (!isSecure && !text.starts_with("http://")) return expected + "begin with https://";
    std::string_view rest = text.substr(isSecure ? 8 : 7);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (authority.empty()) return expected + "name a host";
    const auto isOdd = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\\' || c == '"'; };
    if (std::any_of(text.begin(), text.end(), isOdd)) return expected + "remove blanks and odd characters";
    if (authority.find('@') != std::string_view::npos) return expected + "leave the user name out";
    if (rest.find_first_of("?#") != std::string_view::npos) return expected + "leave out what follows ? or #";
    const bool isBracketed = authority.front() == '[';
    const std::size_t hostEnd = isBracketed ? authority.find(']') : authority.find(':');
    const std::string_view host =
        authority.substr(0, hostEnd == std::string_view::npos ? hostEnd : hostEnd + isBracketed);
    const std::string_view port = authority.substr(host.size());
    if (!port.empty() && (port.front() != ':' || !isDigits(port.substr(1)) || port.size() > 6))
        return expected + "check the port";
    if (!isSecure && !isLoopbackHost(host)) return expected + "http is for this machine only";
    return {};
}

std::string checkDevice(std::string_view text) {
    if (text == "auto" || text == "cpu" || text == "cuda") return {};
    if (text.starts_with("cuda:") && isDigits(text.substr(5)) && text.size() <= 8) return {};
    return "expected auto, cpu, cuda or cuda:N";
}

std::string checkPair(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0 && equals + 1 < text.size()) return {};
    return "expected name=column, as instruction=question";
}

} // namespace

std::string applyTextForm(TextForm form, std::string& text, const PathContext& paths) {
    switch (form) {
    case TextForm::Free:
        return {};
    case TextForm::Path:
        return applyPath(text, paths);
    case TextForm::Url:
        return checkUrl(text);
    case TextForm::Device:
        return checkDevice(text);
    case TextForm::Pair:
        return checkPair(text);
    case TextForm::Template:
        return namesTemplateFile(text) ? makeAbsolute(text, paths) : std::string();
    }
    return {};
}

bool isLoopbackHost(std::string_view host) {
    if (host == "localhost" || host == "[::1]") return true;
    if (!host.starts_with("127.")) return false;
    return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

} // namespace llamahome::config
