// The instruction sets that the kernels are compiled for, and which of them is used. Any thread.
//
// One source a kind of kernel (*_body.h) is compiled for each of them by level_*.cpp and chosen at run time.
#pragma once

#include <string_view>
#include <vector>

namespace llamahome::engine {

/// Ascending.
enum class CpuLevel { Portable, Avx2, Avx512, Avx512Vnni, Avx512Bf16 };

std::string_view cpuLevelName(CpuLevel level);
/// What this machine can run.
const std::vector<CpuLevel>& cpuLevels();
/// The quickest of them. By the processor's kind, never by a clock: a run that goes on must compute as
/// before.
CpuLevel bestCpuLevel();

/// The level whose kernels are given; bestCpuLevel() until setCpuLevel().
CpuLevel cpuLevel();
/// For tests: not while another thread computes.
void setCpuLevel(CpuLevel level);

} // namespace llamahome::engine
