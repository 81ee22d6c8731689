// Opens the network's shared library when it is first needed, so that no command waits for Qt. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/program_module.h"
#include "core/result.h"
#include "network/transport.h"

namespace llamahome::network {

/// A transport for the calling thread. NET-01: the library is missing or damaged.
Result<std::unique_ptr<Transport>>
openTransport(const TransportOptions& options = {},
              const std::vector<std::filesystem::path>& folders = moduleFolders());

} // namespace llamahome::network
