// A mirror's SHA256SUMS: the files that it has, each with its hash. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "download/remote_names.h"
#include "download/remote_set.h"

namespace llamahome::download {

inline constexpr const char* kChecksumList = "SHA256SUMS";
inline constexpr std::size_t kMaxChecksumListBytes = 4U << 20;

/// Lines as sha256sum writes them: 64 hex digits, two blanks or a blank and a star, a path below the list's
/// folder, "./" before it or not. DL-07, with the line, for others and for an empty list, which proves
/// nothing; DL-03 for names. Address and size of the files stay empty. `source` is the list's name in
/// messages.
Result<std::vector<RemoteFile>> parseChecksumList(std::string_view text, const NameFold& fold,
                                                  const std::string& source);

} // namespace llamahome::download
