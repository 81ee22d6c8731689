#include "jobs/import/source_proof.h"

#include <algorithm>

#include "core/digest.h"
#include "core/error_codes.h"
#include "core/hash.h"
#include "jobs/import/import_files.h"

namespace llamahome::jobs {

Error otherThanNamed(const SourceFile& file, const std::string& found) {
    return Error{codes::kHashMismatch, displayPath(file.path) + ": found SHA-256 " + found +
                                           ", expected that of its name; get the model again from where it "
                                           "came"};
}

Result<const std::vector<ManifestFile>*> SourceProof::files() {
    if (m_files) return &*m_files;
    Progress state{"hashing the source", 0, 0, "bytes"};
    for (const SourceFile& file : m_source.files)
        state.total += file.sizeBytes;
    std::vector<ManifestFile> files;
    for (const SourceFile& file : m_source.files) {
        const std::uint64_t before = state.done;
        const auto digest = sha256File(file.path, m_cancel, [&](const Progress& step) {
            state.done = before + std::min(step.done, file.sizeBytes);
            if (m_progress) m_progress(state);
        });
        if (!digest) return digest.error();
        if (!file.expectedSha256.empty() && *digest != file.expectedSha256)
            return otherThanNamed(file, *digest);
        state.done = before + file.sizeBytes;
        files.push_back({file.name, file.sizeBytes, *digest, {}});
    }
    m_files = std::move(files);
    return &*m_files;
}

Result<std::string> SourceProof::identity() {
    const auto read = files();
    if (!read) return read.error();
    const std::vector<ManifestFile>& all = **read;
    if (m_source.form == SourceForm::Meta) return manifestDigest(all);
    const auto isPart = [](const ManifestFile& file) { return !isSideFile(file.path); };
    if (std::count_if(all.begin(), all.end(), isPart) <= 1) return all.front().sha256;
    Digest hash(DigestKind::Sha256);
    for (const ManifestFile& file : all)
        if (isPart(file)) hash.update(file.sha256 + '\n');
    return hash.hex();
}

Result<bool> SourceProof::isOf(const Manifest& manifest) {
    if (!isConverted(m_source.form)) {
        const auto read = files();
        if (!read) return read.error();
        return manifest.digest == manifestDigest(**read);
    }
    const auto known = identity();
    if (!known) return known.error();
    // Once it stood in place of the commit.
    return manifest.sourceSha256 == *known || manifest.commit == "sha256:" + *known;
}

} // namespace llamahome::jobs
