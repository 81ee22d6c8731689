#include "download/remote_names.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/shown_text.h"

namespace llamahome::download {
namespace {

constexpr std::size_t kMaxPartBytes = 255;
constexpr std::size_t kMaxPathBytes = 1024;
constexpr std::array<std::string_view, 6> kDevices{"con", "prn", "aux", "nul", "conin$", "conout$"};

/// CON, NUL, COM1 … LPT9, whatever ending they have.
bool isDevice(std::string_view part) {
    const std::string stem = lowerAscii(part.substr(0, part.find('.')));
    if (std::find(kDevices.begin(), kDevices.end(), stem) != kDevices.end()) return true;
    return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' &&
           stem[3] <= '9';
}

/// What is wrong with one part of a path; empty: nothing.
std::string_view faultOfPart(std::string_view part) {
    if (part.empty()) return "has an empty part";
    if (part == "." || part == "..") return "leads out of its folder";
    if (part.size() > kMaxPartBytes) return "has a part of more than 255 bytes";
    if (part.back() == '.' || part.back() == ' ') return "has a part that ends with a dot or a blank";
    if (isDevice(part)) return "is the name of a device on Windows";
    return {};
}

std::string_view faultOf(std::string_view path) {
    if (path.empty()) return "is empty";
    if (path.size() > kMaxPathBytes) return "has more than 1,024 bytes";
    if (!isPlainText(path)) return "holds control characters, or is no UTF-8";
    if (path.find(':') != std::string_view::npos) return "holds a colon";
    if (path.find('\\') != std::string_view::npos) return "holds a backslash";
    if (path.front() == '/') return "is absolute";
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (const auto fault = faultOfPart(path.substr(begin, end - begin)); !fault.empty()) return fault;
        begin = end + 1;
    }
    return {};
}

/// Names by their folded form, and whether each is a file.
class Taken {
public:
    Taken(const NameFold& fold, const std::string& source)
        : m_fold(fold)
        , m_source(source) {}

    Result<void> addFile(const std::string& path) {
        const auto [place, isNew] = m_names.try_emplace(m_fold(path), path, true);
        if (isNew) return {};
        return place->second.isFile ? meets(path, place->second.path, "which are one name on some systems")
                                    : meets(path, place->second.path, "a file and a folder of one name");
    }
    Result<void> addFolder(const std::string& path) {
        const auto [place, isNew] = m_names.try_emplace(m_fold(path), path, false);
        if (isNew || !place->second.isFile) return {};
        return meets(path, place->second.path, "a file and a folder of one name");
    }

private:
    struct Name {
        Name(std::string itsPath, bool itIsFile)
            : path(std::move(itsPath))
            , isFile(itIsFile) {}
        std::string path;
        bool isFile;
    };
    Result<void> meets(const std::string& one, const std::string& other, const std::string& how) const {
        return Error{codes::kRemoteName, m_source + ": found the names " + quotedText(other) + " and " +
                                             quotedText(one) + ", " + how +
                                             "; nothing was fetched from there. Take another source"};
    }

    const NameFold& m_fold;
    const std::string& m_source;
    std::map<std::string, Name> m_names;
};

} // namespace

Result<void> checkRemoteNames(const std::vector<RemoteName>& names, const NameFold& fold,
                              const std::string& source) {
    Taken taken(fold, source);
    for (const RemoteName& name : names) {
        if (const auto fault = faultOf(name.path); !fault.empty())
            return Error{codes::kRemoteName, source + ": the name " + quotedText(name.path) + " " +
                                                 std::string(fault) +
                                                 ", expected one that stays in its folder on every system; "
                                                 "nothing was fetched from there. Take another source"};
        for (std::size_t slash = name.path.find('/'); slash != std::string::npos;
             slash = name.path.find('/', slash + 1))
            if (auto added = taken.addFolder(name.path.substr(0, slash)); !added) return added;
        auto added = name.isFolder ? taken.addFolder(name.path) : taken.addFile(name.path);
        if (!added) return added;
    }
    return {};
}

std::string encodedForUrl(std::string_view text, bool keepSlashes) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kPlain = "-._~";
    std::string encoded;
    for (const char c : text) {
        const bool isPlain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                             kPlain.find(c) != std::string_view::npos || (keepSlashes && c == '/');
        if (isPlain) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return encoded;
}

} // namespace llamahome::download
