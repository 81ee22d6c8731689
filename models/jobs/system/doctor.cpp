#include "jobs/system/doctor.h"

#include <algorithm>
#include <fstream>

#include <dlfcn.h>
#include <unistd.h>

#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/system/cuda_component.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kGib = 1ULL << 30;
constexpr std::uint64_t kStarterMemory = 3 * kGib; // the starter model trains in less
constexpr std::uint64_t kStarterDisk = 2 * kGib;   // it, its conversion, a run and an adapter
constexpr double kSlowDiskBytesPerSecond = 30e6;
constexpr std::size_t kBlockBytes = 1U << 20;
constexpr const char* kDriverFolder = "/proc/driver/nvidia";

/// The part of a line after a tab or blanks that follow `label`; empty where the line does not begin with it.
std::string valueAfter(const std::string& line, std::string_view label) {
    if (!line.starts_with(label)) return {};
    const auto begin = line.find_first_not_of(" \t", label.size());
    return begin == std::string::npos ? std::string() : line.substr(begin);
}

std::vector<std::string> cardNames() {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator entry(fs::path(kDriverFolder) / "gpus", failure), end;
         !failure && entry != end; entry.increment(failure)) {
        std::ifstream stream(entry->path() / "information");
        std::string line;
        while (std::getline(stream, line))
            if (const std::string name = valueAfter(line, "Model:"); !name.empty()) names.push_back(name);
    }
    return names;
}

/// "570.86.15" of the driver's version line; empty without a driver.
std::string driverVersion() {
    std::ifstream stream("/sys/module/nvidia/version");
    std::string version;
    std::getline(stream, version);
    return version;
}

bool canOpen(const char* library) {
    void* handle = ::dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (handle != nullptr) ::dlclose(handle);
    return handle != nullptr;
}

Finding processorFinding(const CpuFeatures& cpu) {
    std::string features;
    for (const auto& [has, name] : {std::pair{cpu.avx2, "AVX2"},
                                    {cpu.fma, "FMA"},
                                    {cpu.avx512, "AVX-512"},
                                    {cpu.avx512Bf16, "AVX-512 BF16"},
                                    {cpu.amxBf16, "AMX BF16"}})
        if (has) features += (features.empty() ? "" : ", ") + std::string(name);
    Finding finding{"processor", cpu.name + ", " + std::to_string(cpu.cores) + " cores, " +
                                     (features.empty() ? "no vector extension of use" : features)};
    if (!cpu.avx2 || !cpu.fma) {
        finding.status = FindingStatus::Problem;
        finding.advice = "training and chat need AVX2 and FMA; use another machine for them";
    }
    return finding;
}

Finding memoryFinding(const MemoryState& memory) {
    Finding finding{"memory", formatBytes(memory.totalBytes) + ", " + formatBytes(memory.availableBytes) +
                                  " available"};
    if (memory.totalBytes == 0) {
        finding = {"memory", "not known", FindingStatus::Warning,
                   "the forecast before a run cannot be checked; start with a small model"};
    } else if (memory.availableBytes < kStarterMemory) {
        finding.status = FindingStatus::Warning;
        finding.advice =
            "close other programs: the starter model trains in about " + formatBytes(kStarterMemory);
    }
    return finding;
}

Finding libtorchFinding(const std::function<Result<engine::EngineInfo>()>& open) {
    const auto info = open();
    if (!info)
        return {"libtorch", info.error().message, FindingStatus::Problem,
                "train, chat and evaluate wait for it"};
    return {"libtorch", info->libtorchVersion + ", " + info->cpuCapability + ", " +
                            std::to_string(info->threads) + " threads, precision auto is " +
                            (info->autoPrecision == engine::Precision::Bf16 ? "bf16" : "fp32")};
}

Finding cardFinding(const MachineFacts& machine) {
    if (machine.nvidiaDriver.empty() && machine.gpus.empty())
        return {"graphics card", "no NVIDIA driver; everything runs on the processor"};
    std::string names;
    for (const std::string& name : machine.gpus)
        names += (names.empty() ? "" : ", ") + name;
    Finding finding{"graphics card", (names.empty() ? "NVIDIA" : names) + ", driver " +
                                         (machine.nvidiaDriver.empty() ? "unknown" : machine.nvidiaDriver)};
    if (!machine.hasCudaLibrary) {
        finding.status = FindingStatus::Warning;
        finding.advice = "libcuda.so.1 cannot be opened: install the driver's libraries of the same version";
    }
    return finding;
}

/// Nothing to say where there is neither a card nor a component.
std::optional<Finding> componentFinding(const DataRoot& root, const MachineFacts& machine) {
    const CudaComponent& component = cudaComponent();
    const CudaState state = cudaState(root, component);
    const auto fits = checkCudaMachine(component, machine);
    if (state.isInstalled)
        return Finding{"CUDA component", formatBytes(state.presentBytes) + " in " + displayPath(state.folder),
                       fits ? FindingStatus::Ok : FindingStatus::Warning,
                       fits ? "" : "of no use here; `llamahome doctor --remove-cuda` frees the room"};
    if (state.presentBytes > 0)
        return Finding{"CUDA component",
                       (state.isBegun ? "begun, " : "of another version, ") +
                           formatBytes(state.presentBytes) + " on the disk",
                       FindingStatus::Warning,
                       "`llamahome doctor --install-cuda` completes it, `--remove-cuda` frees the room"};
    if (fits)
        return Finding{"CUDA component", "not installed", FindingStatus::Ok,
                       "`llamahome doctor --install-cuda` fetches it, " + formatBytes(state.downloadBytes)};
    if (fits.error().code == codes::kDriverTooOld)
        return Finding{"CUDA component", "not installed", FindingStatus::Ok, fits.error().message};
    return std::nullopt;
}

/// Whether a file can be made in `folder` (which is created where it is missing).
Finding folderFinding(const std::string& name, const fs::path& folder, FileLayer& files) {
    const fs::path probe = folder / (".llamahome-probe-" + std::to_string(::getpid()));
    const auto attempt = [&]() -> Result<void> {
        if (auto made = files.makeDirectories(folder); !made) return made;
        auto file = files.createNew(probe);
        if (!file) return file.error();
        return (*file)->close();
    };
    const auto tried = attempt();
    (void)files.remove(probe);
    if (tried) return {name, displayPath(folder) + " is writable"};
    return {name, tried.error().message, FindingStatus::Problem,
            "give the folder to yourself, or choose another data root with --root or LLAMAHOME_ROOT"};
}

Finding spaceFinding(const fs::path& root) {
    const auto free = freeDiskBytes(root);
    if (!free)
        return {"disk space", free.error().message, FindingStatus::Warning,
                "check the path of the data root"};
    Finding finding{"disk space", formatBytes(*free) + " free at " + displayPath(root)};
    if (*free < kStarterDisk) {
        finding.status = FindingStatus::Problem;
        finding.advice = "free some: the starter model and a run need about " + formatBytes(kStarterDisk);
    }
    return finding;
}

/// Bytes a second of writing and flushing one file.
Result<double> diskSpeed(const fs::path& probe, std::uint64_t bytes, FileLayer& files, const Clock& clock) {
    const std::vector<std::byte> block(kBlockBytes, std::byte{0x5a});
    auto file = files.createNew(probe);
    if (!file) return file.error();
    const double begin = clock.monotonicSeconds();
    for (std::uint64_t done = 0; done < bytes; done += kBlockBytes)
        if (auto written = (*file)->write(block); !written) return written.error();
    if (auto synced = (*file)->sync(); !synced) return synced.error();
    const double seconds = clock.monotonicSeconds() - begin;
    return seconds > 0.0 ? static_cast<double>(bytes) / seconds : 0.0;
}

Finding speedFinding(const DoctorRequest& request, FileLayer& files, const Clock& clock) {
    const fs::path probe = request.root.path / (".llamahome-speed-" + std::to_string(::getpid()));
    const auto speed = diskSpeed(probe, request.diskTestBytes, files, clock);
    (void)files.remove(probe);
    if (!speed)
        return {"disk speed", speed.error().message, FindingStatus::Warning, "see disk space and folders"};
    Finding finding{"disk speed",
                    formatBytes(static_cast<std::uint64_t>(*speed)) + " a second, written and flushed"};
    if (*speed > 0.0 && *speed < kSlowDiskBytesPerSecond) {
        finding.status = FindingStatus::Warning;
        finding.advice = "checkpoints and imports will wait for it; a local disk is faster";
    }
    return finding;
}

} // namespace

std::string_view findingStatusName(FindingStatus status) {
    switch (status) {
    case FindingStatus::Ok:
        return "ok";
    case FindingStatus::Warning:
        return "warning";
    case FindingStatus::Problem:
        break;
    }
    return "problem";
}

MachineFacts machineFacts() {
    return {cpuFeatures(), memoryState(), driverVersion(), canOpen("libcuda.so.1"), cardNames()};
}

std::vector<Finding> examineMachine(const DoctorRequest& request, FileLayer& files, const Clock& clock) {
    const MachineFacts machine = request.machine ? *request.machine : machineFacts();
    std::vector<Finding> findings{processorFinding(machine.cpu), memoryFinding(machine.memory)};
    if (request.openEngine) findings.push_back(libtorchFinding(request.openEngine));
    findings.push_back(cardFinding(machine));
    if (auto finding = componentFinding(request.root, machine)) findings.push_back(std::move(*finding));
    findings.push_back(folderFinding("models folder", request.root.models(), files));
    findings.push_back(folderFinding("runs folder", request.root.checkpoints(), files));
    findings.push_back(spaceFinding(request.root.path));
    if (request.diskTestBytes > 0) findings.push_back(speedFinding(request, files, clock));
    return findings;
}

Json findingsJson(const std::vector<Finding>& findings) {
    Json json = Json::array();
    for (const Finding& finding : findings)
        json.push_back(Json{{"name", finding.name},
                            {"value", finding.value},
                            {"status", findingStatusName(finding.status)},
                            {"advice", finding.advice}});
    return json;
}

} // namespace llamahome::jobs
