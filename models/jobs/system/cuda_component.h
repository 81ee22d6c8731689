// The CUDA component: libtorch's CUDA part and NVIDIA's libraries, fetched as wheels from a Python package
// index when the user asks for it. Not on the GUI thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "config/environment.h"
#include "core/cancel_token.h"
#include "core/file_layer.h"
#include "core/progress.h"
#include "core/result.h"
#include "download/fetch_file.h"
#include "jobs/library/root_lock.h"
#include "jobs/system/doctor.h"

namespace llamahome::jobs {

/// A wheel and what is taken out of it.
struct ComponentWheel {
    std::string project; ///< its name in the index
    std::string file;
    std::uint64_t sizeBytes = 0;
    std::string sha256;
    std::uint64_t unpackedBytes = 0;  ///< of the members together
    std::vector<std::string> members; ///< paths in the wheel; their last parts are the names in lib/
};

/// A library that is opened before the engine, proved each time.
struct RuntimeLibrary {
    std::string name;
    std::string sha256;
};

struct CudaComponent {
    std::string version;      ///< of the libtorch that it belongs to
    std::string neededDriver; ///< the oldest NVIDIA driver for it
    std::vector<ComponentWheel> wheels;
    std::vector<RuntimeLibrary> runtime = {};
};

/// The one that belongs to this program's libtorch.
const CudaComponent& cudaComponent();

/// What there is of a component, and what installing it would take. Bytes.
struct CudaState {
    std::filesystem::path folder; ///< where it lies or would lie
    bool isInstalled = false;
    bool isBegun = false;            ///< fetched in part; the next installation goes on
    std::uint64_t presentBytes = 0;  ///< on disk, with what other versions left: what removeCuda() frees
    std::uint64_t downloadBytes = 0; ///< still to be fetched; 0 when installed
    std::uint64_t unpackedBytes = 0; ///< installed size
};
CudaState cudaState(const DataRoot& root, const CudaComponent& component);

/// The libraries that have to be opened before the engine, so that their stand-ins are not; empty where the
/// component is not installed, or one of them is not what its hash says, which is logged: a data root may
/// come from elsewhere.
std::vector<std::filesystem::path> cudaRuntime(const DataRoot& root, const CudaComponent& component);

/// The package index: PIP_INDEX_URL, else the public one. NET-08 names the variable where it is no address to
/// fetch from.
Result<std::string> pythonIndex(const config::Environment& environment);

/// Whether the component would be of use. CUDA-01: no NVIDIA card or driver; CUDA-02: the driver is older
/// than it needs. Both name what was found.
Result<void> checkCudaMachine(const CudaComponent& component, const MachineFacts& machine);

struct CudaInstallation {
    std::string index; ///< address of the package index
    const CudaComponent& component;
    network::Transport& transport;
    download::Pause pause = download::pauseForSeconds;
};

/// Fetches and proves each wheel, takes the libraries out of it and deletes it; the component appears by one
/// rename at the end, and other versions go. Checks the machine first, and the room on the disk: nothing is
/// fetched where they don't do. After an error or a cancel what is there stays, and the next call goes on.
/// CUDA-01, CUDA-02: see checkCudaMachine; CUDA-03: a wheel holds something else than expected; FIT-02: too
/// little room; errors of findInPythonIndex, fetchFile and the file layer; RUN-00.
/// One phase; its unit is bytes fetched plus bytes unpacked.
Result<CudaState> installCuda(const CudaInstallation& installation, const MachineFacts& machine,
                              const RootLock& lock, FileLayer& files, const CancelToken& cancel,
                              const ProgressSink& progress);

/// Removes every component of the root, installed or begun; returns the freed bytes.
Result<std::uint64_t> removeCuda(const RootLock& lock, FileLayer& files);

} // namespace llamahome::jobs
