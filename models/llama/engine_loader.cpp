#include "llama/engine_loader.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <dlfcn.h>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/machine.h"

namespace llamahome::engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLibraryName = "libllamahome_engine.so";

Result<void> checkCpu() {
    const CpuFeatures cpu = cpuFeatures();
    if (cpu.avx2 && cpu.fma) return {};
    return Error{codes::kCpuTooOld,
                 "this processor (" + cpu.name +
                     ") lacks AVX2 or FMA, which the engine's libraries need; models can be "
                     "listed, imported and verified here, training and chat need a newer machine"};
}

/// libgomp reads this once, when it is loaded. Its threads would else spin between two parallel regions and
/// starve each other, and the window, wherever another process wants the cores too.
void letIdleThreadsSleep() {
    ::setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
}

} // namespace

std::vector<fs::path> engineFolders() {
    std::error_code failure;
    const fs::path folder = fs::read_symlink("/proc/self/exe", failure).parent_path();
    return {folder, folder.parent_path() / "lib" / "llamahome", folder.parent_path() / "lib"};
}

Result<std::unique_ptr<Engine>> openEngine(const std::vector<fs::path>& folders) {
    if (auto checked = checkCpu(); !checked) return checked.error();
    letIdleThreadsSleep();
    std::string tried;
    for (const fs::path& folder : folders) {
        const fs::path path = folder / kLibraryName;
        std::error_code failure;
        if (!fs::exists(path, failure)) {
            tried += displayPath(path) + ": not there\n";
            continue;
        }
        void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            tried += std::string(::dlerror()) + "\n";
            continue;
        }
        using Create = Engine* (*)();
        const auto create = reinterpret_cast<Create>(::dlsym(library, "llamahome_create_engine"));
        if (create != nullptr) return std::unique_ptr<Engine>(create());
        tried += displayPath(path) + ": no engine in it\n";
    }
    return Error{
        codes::kEngineMissing,
        std::string("the engine library ") + kLibraryName +
            " could not be opened; install the program again, or build it with packaging/quickstart.sh",
        tried};
}

} // namespace llamahome::engine
