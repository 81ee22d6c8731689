#include "download/python_index.h"

#include "core/error_codes.h"
#include "core/json_field.h"
#include "download/http_get.h"

namespace llamahome::download {
namespace {

constexpr std::size_t kMaxPageBytes = 32U << 20;
constexpr const char* kAccept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5";

/// `link` without fragment and query, its last part only.
std::string_view fileNameOf(std::string_view link) {
    link = link.substr(0, link.find_first_of("#?"));
    const auto slash = link.rfind('/');
    return slash == std::string_view::npos ? link : link.substr(slash + 1);
}

/// The link to the file in PEP 691's JSON; empty where none is listed.
std::string linkInJson(const Json& page, const std::string& fileName) {
    const Json* files = member(page, "files");
    if (files == nullptr || !files->is_array()) return {};
    for (const Json& file : *files)
        if (stringField(file, "filename") == fileName) return stringField(file, "url");
    return {};
}

/// The same in PEP 503's page of anchors.
std::string linkInPage(std::string_view page, const std::string& fileName) {
    constexpr std::string_view kHref = "href=\"";
    for (auto at = page.find(kHref); at != std::string_view::npos; at = page.find(kHref, at)) {
        at += kHref.size();
        const std::string_view link = page.substr(at, page.substr(at).find('"'));
        if (fileNameOf(link) == fileName) return std::string(link);
    }
    return {};
}

/// An attribute's text, where "&" is written out.
std::string unescaped(std::string_view text) {
    constexpr std::string_view kAmpersand = "&amp;";
    std::string plain;
    while (!text.empty()) {
        const std::string_view whole = text.substr(0, text.find(kAmpersand));
        plain += whole;
        if (whole.size() == text.size()) break;
        plain += '&';
        text.remove_prefix(whole.size() + kAmpersand.size());
    }
    return plain;
}

/// `link` of a page at `base`, absolute. Indexes write absolute links, or ones from the host's root or
/// upwards from the page.
std::string absoluteLink(const std::string& base, std::string link) {
    if (link.find("://") != std::string::npos) return link;
    const auto scheme = base.find("://");
    if (link.starts_with("//")) return base.substr(0, scheme + 1) + link;
    const auto path = base.find('/', scheme + 3);
    if (link.starts_with("/")) return base.substr(0, path) + link;
    std::string folder = base.substr(0, base.rfind('/') + 1);
    while (link.starts_with("../") && folder.size() > path + 1) {
        link.erase(0, 3);
        folder.erase(folder.rfind('/', folder.size() - 2) + 1);
    }
    return folder + link;
}

} // namespace

Result<std::string> findInPythonIndex(network::Transport& transport, const std::string& index,
                                      const std::string& project, const std::string& fileName,
                                      const Pause& pause, const CancelToken& cancel) {
    const std::string page = index + (index.ends_with("/") ? "" : "/") + project + "/";
    const auto answer = getText(transport, {page, {{"Accept", kAccept}}}, kMaxPageBytes, pause, cancel);
    if (!answer) return answer.error();
    std::string link;
    if (answer->response.header("content-type").find("json") != std::string::npos) {
        const auto json = parseJson(answer->text, page);
        if (!json) return Error{codes::kIndexAnswer, json.error().message};
        link = linkInJson(*json, fileName);
    } else {
        link = unescaped(linkInPage(answer->text, fileName));
    }
    link = link.substr(0, link.find('#'));
    if (link.empty())
        return Error{codes::kIndexAnswer,
                     page + ": expected " + fileName +
                         " in its list, found no such file; set PIP_INDEX_URL to an index "
                         "that has it"};
    link = absoluteLink(answer->url, link);
    if (auto allowed = checkStep(answer->url, link); !allowed)
        return Error{codes::kIndexAnswer, allowed.error().within(page).message};
    return link;
}

} // namespace llamahome::download
