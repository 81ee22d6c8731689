// The operating system's files, but what is written only makes them longer: files of any size on any disk.
// Any thread.
#pragma once

#include "support/forwarding_files.h"

namespace llamahome::testing {

class SparseFiles final : public ForwardingFiles {
public:
    Result<std::unique_ptr<WritableFile>> createNew(const std::filesystem::path& path) override;
    Result<std::unique_ptr<WritableFile>> openAppend(const std::filesystem::path& path) override;
};

} // namespace llamahome::testing
