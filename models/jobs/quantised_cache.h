// The quantised matrices of an installed model, kept in a file beside it so that they are made once. Not on
// the GUI thread.
//
// The file belongs to the model: it counts in its size, and goes with it. It is no part of its manifest, for
// it can be made again at any time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "formats/bitsandbytes/quantised_view.h"

namespace llamahome::jobs {

/// True for the name of such a file in a model's folder, and for one that was being written.
bool isQuantisedCache(std::string_view name);
/// Bytes of all of them in `folder`.
std::uint64_t quantisedCacheBytes(const std::filesystem::path& folder);

/// The file for `format`: that which is there, where the digest of the model's manifest is the one it was
/// made of, else a new one, written beside and renamed. Its layout is bitsandbytes'; only the layers'
/// matrices are in it. Empty where there can be none: a folder without a manifest, a model that is quantised
/// already, no room on the disk, a disk that may not be written to; the last two are logged. Memory: one
/// matrix. RUN-00 when cancelled; `progress` in bytes written.
Result<std::filesystem::path> quantisedCache(FileLayer& files, const std::filesystem::path& folder,
                                             formats::Quantisation format, const CancelToken& cancel,
                                             const ProgressSink& progress);

} // namespace llamahome::jobs
