#include "llama/engine_loader.h"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <dlfcn.h>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "core/machine.h"
#include "llama/engine_entry.h"

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

/// Hands on to whatever sink the program has at that moment.
class ProgramLog final : public LogSink {
public:
    void write(LogLevel level, std::string_view module, std::string_view message) override {
        logLine(level, module, message);
    }
};

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
        const auto create = reinterpret_cast<CreateEngine>(::dlsym(library, kCreateEngineName));
        if (create == nullptr) {
            tried += displayPath(path) + ": no engine in it\n";
            continue;
        }
        Error problem{codes::kEngineFailure, {}};
        std::unique_ptr<Engine> engine(create(std::make_shared<ProgramLog>(), problem));
        if (!engine) return problem;
        return engine;
    }
    return Error{
        codes::kEngineMissing,
        std::string("the engine library ") + kLibraryName +
            " could not be opened; install the program again, or build it with packaging/quickstart.sh",
        tried};
}

} // namespace llamahome::engine
