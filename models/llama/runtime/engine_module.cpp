// The one symbol that libllamahome_engine.so exports; engine_loader.cpp looks it up.
#include <type_traits>

#include "llama/engine_entry.h"
#include "llama/runtime/engine_impl.h"

extern "C" __attribute__((visibility("default"))) llamahome::engine::Engine*
llamahome_create_engine(const std::shared_ptr<llamahome::LogSink>& log, llamahome::Error& failure) {
    llamahome::setLogSink(log);
    auto engine = llamahome::engine::createEngine();
    if (engine) return engine->release();
    failure = engine.error();
    return nullptr;
}

static_assert(std::is_same_v<decltype(&llamahome_create_engine), llamahome::engine::CreateEngine>);
