#include "download/checksum_list.h"

#include <algorithm>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/shown_text.h"

namespace llamahome::download {
namespace {

constexpr std::size_t kDigits = 64;

/// Sum and name of one line; an empty name where it is none.
RemoteFile fileOf(std::string_view line) {
    const std::string sum = lowerAscii(line.substr(0, kDigits));
    if (sum.size() != kDigits || sum.find_first_not_of("0123456789abcdef") != std::string::npos) return {};
    std::string_view name = line.substr(kDigits);
    if (!name.starts_with("  ") && !name.starts_with(" *")) return {};
    name.remove_prefix(2);
    if (name.starts_with("./")) name.remove_prefix(2);
    return {std::string(name), {}, {}, {HashKind::Sha256, sum}};
}

} // namespace

Result<std::vector<RemoteFile>> parseChecksumList(std::string_view text, const NameFold& fold,
                                                  const std::string& source) {
    std::vector<RemoteFile> files;
    std::vector<RemoteName> names;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        RemoteFile file = fileOf(line);
        if (file.path.empty())
            return Error{
                codes::kChecksumList,
                source + ": line " + std::to_string(number) + ": found " + quotedText(line) +
                    ", expected a SHA-256 sum, two blanks and a file's name, as sha256sum writes it"};
        names.push_back({file.path});
        files.push_back(std::move(file));
    }
    if (files.empty())
        return Error{codes::kChecksumList, source + ": it names no file, so it proves nothing; make it with "
                                                    "`sha256sum * > SHA256SUMS` in the model's folder"};
    if (auto checked = checkRemoteNames(names, fold, source); !checked) return checked.error();
    return files;
}

} // namespace llamahome::download
