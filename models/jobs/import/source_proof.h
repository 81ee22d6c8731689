// What an import's source is, by the hashes of its files, which are read once. Not on the GUI thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/cancel_token.h"
#include "core/progress.h"
#include "core/result.h"
#include "jobs/import/import_source.h"
#include "jobs/library/manifest.h"

namespace llamahome::jobs {

/// FILE-09: what the Hub's cache and Ollama's store call a file is its hash, and this is another.
Error otherThanNamed(const SourceFile& file, const std::string& found);

/// All three outlive it. What it gives is read at the first call; FILE-xx, FILE-09, RUN-00.
class SourceProof {
public:
    SourceProof(const ImportSource& source, const CancelToken& cancel, const ProgressSink& progress)
        : m_source(source)
        , m_cancel(cancel)
        , m_progress(progress) {}

    /// Every file of the source with its hash, in the source's order; without origins.
    Result<const std::vector<ManifestFile>*> files();
    /// By what a converted model is known: one file's hash, else one over the hashes of all.
    Result<std::string> identity();
    /// Whether the manifest is of a model that was made of this source.
    Result<bool> isOf(const Manifest& manifest);

private:
    const ImportSource& m_source;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    std::optional<std::vector<ManifestFile>> m_files;
};

} // namespace llamahome::jobs
