#include "network/transport_loader.h"

#include "core/error_codes.h"
#include "network/transport_entry.h"

namespace llamahome::network {
namespace {

constexpr const char* kLibraryName = "libllamahome_network.so";

} // namespace

Result<std::unique_ptr<Transport>> openTransport(const TransportOptions& options,
                                                 const std::vector<std::filesystem::path>& folders) {
    const ModuleFunction function = openModuleFunction(kLibraryName, kCreateTransportName, folders);
    if (function.address == nullptr)
        return Error{codes::kNetworkMissing,
                     std::string("the network library ") + kLibraryName +
                         " could not be opened; install the program again, Qt's network library with it",
                     function.tried};
    const auto create = reinterpret_cast<CreateTransport>(function.address);
    return std::unique_ptr<Transport>(create(programLogSink(), options));
}

} // namespace llamahome::network
