#include "jobs/download/download_target.h"

#include "config/model_choice.h"
#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/shell_quote.h"
#include "core/shown_text.h"
#include "download/hub_client.h"

namespace llamahome::jobs {
namespace {

DownloadTarget catalogued(const config::CatalogVersion& version) {
    return {version.family, version.version, version.hubId, version};
}

Error wrongWords(const std::string& found) {
    return {codes::kModelWords, "MODEL: found " + found +
                                    ", expected FAMILY VERSION, such as smollm2 135m-instruct, or a Hub id, "
                                    "such as HuggingFaceTB/SmolLM2-135M-Instruct; `llamahome models` lists "
                                    "what is known"};
}

/// Names of the library's own folders, which are no organisations.
bool isOwnFolder(std::string_view family) {
    return family == "local" || family == "finetuned";
}

Result<DownloadTarget> targetByTwo(const Library& library, const std::string& family,
                                   const std::string& version) {
    const auto entry = library.find(family, version);
    if (entry && entry->catalog) return catalogued(*entry->catalog);
    if (library.catalog().findFamily(lowerAscii(family)) != nullptr) {
        const auto known = library.catalog().find(family, version);
        return known ? Result<DownloadTarget>(catalogued(*known)) : known.error();
    }
    if (isOwnFolder(lowerAscii(family)))
        return wrongWords(quotedText(family + "/" + version) + ", which is of this machine only");
    const std::string id = family + "/" + version;
    if (download::isHubId(id)) return targetOfHubId(library.catalog(), id);
    return wrongWords(quotedText(id));
}

Result<DownloadTarget> targetByOne(const Library& library, const std::string& word) {
    const std::size_t slash = word.find('/');
    if (slash == std::string::npos) {
        const auto known = library.catalog().defaultVersion(word);
        return known ? Result<DownloadTarget>(catalogued(*known)) : known.error();
    }
    if (word.starts_with('/') || word.starts_with('.') || word.starts_with('~') || word.ends_with('/'))
        return wrongWords("the path " + quotedText(word) +
                          " (files that are here are taken over with `llamahome import PATH`)");
    return targetByTwo(library, word.substr(0, slash), word.substr(slash + 1));
}

} // namespace

std::string DownloadTarget::words() const {
    return catalog ? shellLine({family, version}) : shellLine({name()});
}

DownloadTarget targetOfHubId(const config::Catalog& catalog, const std::string& hubId) {
    if (const auto known = catalog.findHubId(hubId)) return catalogued(*known);
    const std::size_t slash = hubId.find('/');
    return {hubId.substr(0, slash), hubId.substr(slash + 1), hubId, {}};
}

Result<DownloadTarget> downloadTarget(const Library& library, const std::vector<std::string>& words,
                                      const config::Environment& environment) {
    if (words.size() > 2) return wrongWords(std::to_string(words.size()) + " words");
    if (words.size() == 1) return targetByOne(library, words.front());
    if (words.size() == 2) {
        // Two words of an unknown family are a slip more often than an organisation: that takes one word.
        const auto family = library.catalog().defaultVersion(words.front());
        if (!family && !library.find(words.front(), words.back())) return family.error();
        return targetByTwo(library, words.front(), words.back());
    }
    const auto chosen = config::modelFromEnvironment(environment, library.catalog());
    if (!chosen) return chosen.error();
    if (!*chosen) return wrongWords("none");
    return targetByTwo(library, (*chosen)->family, (*chosen)->version);
}

} // namespace llamahome::jobs
