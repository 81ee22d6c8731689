// A package index on loopback with two small wheels, and the CUDA component that consists of them: in the
// place of gigabytes the same way through the same code. Its own threads.
#pragma once

#include <string>

#include "jobs/system/cuda_component.h"
#include "support/http_server.h"

namespace llamahome::testing {

/// "one.whl" with two members, 19,390 bytes, and "two.whl" with one of 20; version 9.9, driver 580.65.
jobs::CudaComponent smallComponent();
/// The wheels' bytes.
const std::string& firstWheel();
const std::string& secondWheel();

/// Answers for /simple/proj-one/, /simple/proj-two/ and the files that these name.
ServedAnswer serveWheels(const ServedRequest& request);

/// A machine with that driver and a card; empty: with neither.
jobs::MachineFacts machineWithDriver(const std::string& driver);

} // namespace llamahome::testing
