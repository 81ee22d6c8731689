// The one function that libllamahome_engine.so exports: what it is called and takes. Torch-free; any thread.
#pragma once

#include <memory>

#include "core/error.h"
#include "core/log.h"
#include "llama/engine.h"

namespace llamahome::engine {

inline constexpr const char* kCreateEngineName = "llamahome_create_engine";

/// Makes the engine; the caller owns it. The library has a log door of its own, whose lines go to `log` from
/// then on. Null with `failure` set where it cannot be made. Throws nothing.
using CreateEngine = Engine* (*)(const std::shared_ptr<LogSink>& log, Error& failure);

} // namespace llamahome::engine
