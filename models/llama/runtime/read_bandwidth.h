// How fast the machine reads from memory: what a decoder that reads every weight for every token comes up
// against. Engine thread.
#pragma once

namespace llamahome::engine {

/// GB a second that all threads of the OpenMP team read together from 256 MiB, far more than a cache holds;
/// the best of eight passes.
double measureReadBandwidth();

} // namespace llamahome::engine
