// Unpacks one member of a ZIP archive block by block; the only code that knows zlib. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/input_file.h"
#include "formats/zip/zip_directory.h"

namespace llamahome::formats {

/// Takes the next block of a member, at most 1 MiB and never empty; its error ends the unpacking.
using ZipSink = std::function<Result<void>(std::span<const std::byte>)>;

/// Gives the member's bytes, whose data begin at `dataOffset`, to `sink`: never more than its sizeBytes.
/// ZIP-01 where they do not unpack, or to another size or another CRC-32, which is known at the end only:
/// what the sink took is good once this has succeeded. RUN-00 when cancelled, looked at before each block.
Result<void> unpackZipEntry(const InputFile& file, const ZipEntry& entry, std::uint64_t dataOffset,
                            const ZipSink& sink, const CancelToken& cancel, const ProgressSink& progress);

} // namespace llamahome::formats
