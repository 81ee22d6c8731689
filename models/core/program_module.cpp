#include "core/program_module.h"

#include <dlfcn.h>

#include "core/blocking.h"
#include "core/file_layer.h"

namespace llamahome {
namespace fs = std::filesystem;
namespace {

/// Hands on to whatever sink the program has at that moment.
class ProgramLog final : public LogSink {
public:
    void write(LogLevel level, std::string_view module, std::string_view message) override {
        logLine(level, module, message);
    }
};

} // namespace

std::vector<fs::path> moduleFolders() {
    std::error_code failure;
    const fs::path folder = fs::read_symlink("/proc/self/exe", failure).parent_path();
    return {folder, folder.parent_path() / "lib" / "llamahome", folder.parent_path() / "lib"};
}

ModuleFunction openModuleFunction(const std::string& library, const char* function,
                                  const std::vector<fs::path>& folders) {
    blockingCall("open", library);
    ModuleFunction found;
    for (const fs::path& folder : folders) {
        const fs::path path = folder / library;
        std::error_code failure;
        if (!fs::exists(path, failure)) {
            found.tried += displayPath(path) + ": not there\n";
            continue;
        }
        void* opened = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (opened == nullptr) {
            found.tried += std::string(::dlerror()) + "\n";
            continue;
        }
        found.address = ::dlsym(opened, function);
        if (found.address != nullptr) return found;
        found.tried += displayPath(path) + ": no " + function + " in it\n";
    }
    return found;
}

std::shared_ptr<LogSink> programLogSink() {
    return std::make_shared<ProgramLog>();
}

} // namespace llamahome
