#include "llama/engine_loader.h"

#include <cstdlib>
#include <string>

#include <dlfcn.h>

#include "core/error_codes.h"
#include "core/machine.h"
#include "core/program_module.h"
#include "llama/engine_entry.h"

namespace llamahome::engine {
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

void openGlobally(const std::filesystem::path& library) {
    if (::dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr)
        logLine(LogLevel::Warning, "engine", std::string("not used: ") + ::dlerror());
}

} // namespace

Result<std::unique_ptr<Engine>> openEngine(const std::vector<std::filesystem::path>& folders,
                                           const std::vector<std::filesystem::path>& before) {
    if (auto checked = checkCpu(); !checked) return checked.error();
    letIdleThreadsSleep();
    for (const std::filesystem::path& library : before)
        openGlobally(library);
    const ModuleFunction function = openModuleFunction(kLibraryName, kCreateEngineName, folders);
    if (function.address == nullptr)
        return Error{
            codes::kEngineMissing,
            std::string("the engine library ") + kLibraryName +
                " could not be opened; install the program again, or build it with packaging/quickstart.sh",
            function.tried};
    Error problem{codes::kEngineFailure, {}};
    std::unique_ptr<Engine> engine(
        reinterpret_cast<CreateEngine>(function.address)(programLogSink(), problem));
    if (!engine) return problem;
    return engine;
}

} // namespace llamahome::engine
