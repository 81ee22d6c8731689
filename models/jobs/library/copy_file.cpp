#include "jobs/library/copy_file.h"

#include <algorithm>
#include <vector>

#include "core/error_codes.h"
#include "formats/input_file.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kBlockBytes = 1ULL << 20;

} // namespace

Result<void> copyFile(FileLayer& files, const fs::path& from, const fs::path& to, const CancelToken& cancel,
                      const std::function<void(std::uint64_t)>& copied) {
    const auto input = formats::InputFile::open(from);
    if (!input) return input.error();
    const auto output = files.createNew(to);
    if (!output) return output.error();
    std::vector<std::byte> block(static_cast<std::size_t>(std::min(kBlockBytes, (*input)->size())));
    for (std::uint64_t at = 0; at < (*input)->size(); at += block.size()) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, "copying " + (*input)->shownPath() + " was stopped"};
        const auto part = std::span(block).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), (*input)->size() - at)));
        if (auto read = (*input)->readAt(at, part); !read) return read;
        if (auto written = (*output)->write(part); !written) return written;
        if (copied) copied(part.size());
    }
    if (!(*input)->isUnchanged())
        return Error{codes::kFileChanged,
                     (*input)->shownPath() + " was changed while it was copied; wait until it is whole"};
    if (auto synced = (*output)->sync(); !synced) return synced;
    return (*output)->close();
}

} // namespace llamahome::jobs
