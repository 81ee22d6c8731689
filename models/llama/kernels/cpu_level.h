// The instruction sets that the kernels are compiled for, and which of them is used. Any thread.
//
// One source a kind of kernel (*_body.h) is compiled for each of them by level_*.cpp and chosen at run time.
#pragma once

#include <string_view>
#include <vector>

namespace llamahome::engine {

/// Ascending.
enum class CpuLevel { Portable, Avx2, Avx512, Avx512Bf16 };

std::string_view cpuLevelName(CpuLevel level);
/// What this machine can run; the last one is the best.
const std::vector<CpuLevel>& cpuLevels();

/// The level whose kernels are given; the best one until setCpuLevel().
CpuLevel cpuLevel();
/// For tests: not while another thread computes.
void setCpuLevel(CpuLevel level);

} // namespace llamahome::engine
