#include <system_error>

#include "core/log.h"
#include "network/keychain_entry.h"

namespace llamahome::network {
namespace {

constexpr const char* kLibraryName = "libllamahome_keychain.so";

/// Whether the session has a bus: without one no keychain can be asked, and looking for one would take time.
bool hasSessionBus(const std::map<std::string, std::string>& environment) {
    if (const auto bus = environment.find("DBUS_SESSION_BUS_ADDRESS");
        bus != environment.end() && !bus->second.empty())
        return true;
    const auto folder = environment.find("XDG_RUNTIME_DIR");
    std::error_code failure;
    return folder != environment.end() && !folder->second.empty() &&
           std::filesystem::exists(std::filesystem::path(folder->second) / "bus", failure);
}

} // namespace

std::unique_ptr<Keychain> openKeychain(const std::map<std::string, std::string>& environment,
                                       const std::vector<std::filesystem::path>& folders) {
    if (!hasSessionBus(environment)) return nullptr;
    const ModuleFunction function = openModuleFunction(kLibraryName, kCreateKeychainName, folders);
    if (function.address == nullptr) {
        logLine(LogLevel::Info, "network", std::string("no keychain: ") + function.tried);
        return nullptr;
    }
    const auto create = reinterpret_cast<CreateKeychain>(function.address);
    return std::unique_ptr<Keychain>(create(programLogSink()));
}

} // namespace llamahome::network
