#include "core/hash.h"

#include "core/digest.h"

namespace llamahome {

std::string sha256Hex(std::string_view text) {
    Digest digest(DigestKind::Sha256);
    digest.update(text);
    return digest.hex();
}

Result<std::string> sha256File(const std::filesystem::path& path, const CancelToken& cancel,
                               const ProgressSink& progress) {
    return digestFile(path, DigestKind::Sha256, cancel, progress);
}

Result<std::string> md5File(const std::filesystem::path& path, const CancelToken& cancel,
                            const ProgressSink& progress) {
    return digestFile(path, DigestKind::Md5, cancel, progress);
}

} // namespace llamahome
