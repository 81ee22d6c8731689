#include "network/transport.h"

namespace llamahome::network {

std::string HttpResponse::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

} // namespace llamahome::network
