// The Hub client's cache: models--org--name/{blobs,refs,snapshots}. Any thread but GUI.
#pragma once

#include <filesystem>

#include "core/result.h"
#include "jobs/import/import_source.h"

namespace llamahome::jobs {

/// An entry of the Hub's cache and the snapshot in it.
struct CacheEntry {
    std::filesystem::path folder; ///< models--org--name
    std::filesystem::path snapshot;
};

/// The cache entry that `folder` is (then the snapshot that refs/main names, else the only one: IMP-01) or is
/// a snapshot of; an empty path where it is neither.
Result<CacheEntry> findCacheEntry(const std::filesystem::path& folder);

/// Takes the Hub's names of a cache entry: organisation, model, commit.
void nameByCache(ImportSource& source, const CacheEntry& cache);

/// Where a Hub id ("org/name") lies in the cache at `hubCache`; empty where it is no Hub id, or not there.
std::filesystem::path cachedHubId(const std::filesystem::path& hubCache, const std::filesystem::path& id);

} // namespace llamahome::jobs
