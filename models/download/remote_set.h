// What is to be fetched from one place: files with sizes and hashes. Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace llamahome::download {

/// How a source says what a file must be. None: by its size only, or by nothing.
enum class HashKind {
    None,
    Sha256,
    GitBlobSha1, ///< SHA-1 over "blob ", the decimal size, a zero byte, then the bytes
    Md5,         ///< finds accidents, not attacks
};

struct ExpectedHash {
    HashKind kind = HashKind::None;
    std::string hex = {}; ///< lower case
};

struct RemoteFile {
    std::string path; ///< relative, '/' between parts, checked by checkRemoteNames()
    /// Where asking begins (Hub: …/resolve/<commit>/<path>); may hold what is secret, so it is not logged.
    std::string url;
    std::optional<std::uint64_t> sizeBytes = {}; ///< as the listing says; nothing: learnt from the answer
    ExpectedHash hash = {};
};

struct RemoteSet {
    std::string source; ///< shown and recorded: "https://huggingface.co", a mirror, "Meta"
    std::string name;   ///< "org/name", or what the source calls it
    std::string commit; ///< 40 hex digits of the Hub; empty elsewhere
    std::vector<RemoteFile> files;
    /// Sent to the origin of `url` only (Authorization); dropped on another host.
    std::map<std::string, std::string> headers = {};
};

} // namespace llamahome::download
