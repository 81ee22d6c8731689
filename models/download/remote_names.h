// Names that a stranger gives for files: which may be written below a folder of ours, on every system. Any
// thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::download {

/// What two names have in common that a file system may take for one: normal form and case. Handed in,
/// because Unicode's tables have their home in `text`.
using NameFold = std::function<std::string(std::string_view name)>;

/// A name that a listing gives.
struct RemoteName {
    std::string path;
    bool isFolder = false;
};

/// Whether every name stays in its folder under the rules of POSIX and of Windows, and no two of them meet:
/// valid UTF-8, no empty, "." or ".." part under '/' or '\', not absolute, no control character, none of
/// Windows's devices, no trailing dot or blank, no ':', parts of at most 255 bytes; none twice by `fold`,
/// none both file and folder. DL-03 says which name of `source` breaks which rule.
Result<void> checkRemoteNames(const std::vector<RemoteName>& names, const NameFold& fold,
                              const std::string& source);

/// Percent-encoded for a path of an address; '/' stays where `keepSlashes`.
std::string encodedForUrl(std::string_view text, bool keepSlashes);

} // namespace llamahome::download
