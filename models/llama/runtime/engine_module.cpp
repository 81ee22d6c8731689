// The one symbol that libllamahome_engine.so exports; engine_loader.cpp looks it up.
#include "llama/runtime/engine_impl.h"

extern "C" __attribute__((visibility("default"))) llamahome::engine::Engine* llamahome_create_engine() {
    return llamahome::engine::createEngine().release();
}
