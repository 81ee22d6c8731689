// One parallel region over the OpenMP team, with meetings inside it. Engine thread.
//
// A token passes through hundreds of small steps; a region of its own for each would cost more than they do.
#pragma once

#include <algorithm>
#include <cstdint>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "llama/infer/meeting.h"

namespace llamahome::engine {

/// The part [begin, end) of something shared among threads.
struct Share {
    std::int64_t begin;
    std::int64_t end;
};

/// A thread's view of the team that it works in.
struct TeamMember {
    std::int64_t number;
    std::int64_t threads;
    Meeting* meeting;

    /// Its part of [0, count), cut at multiples of `grain`.
    Share shareOf(std::int64_t count, std::int64_t grain) const {
        const std::int64_t grains = (count + grain - 1) / grain;
        return {std::min(grains * number / threads * grain, count),
                std::min(grains * (number + 1) / threads * grain, count)};
    }
    /// Returns when every thread of the team has come here; what they wrote before is seen after.
    void meet() const { meeting->come(static_cast<std::uint32_t>(threads)); }
};

/// Calls `work(member)` on at most `threads` threads of the team; it must not throw.
template <typename Work>
void onTeam([[maybe_unused]] std::int64_t threads, const Work& work) {
    Meeting meeting;
#ifdef _OPENMP
#pragma omp parallel num_threads(static_cast <int>(threads))
    work(TeamMember{omp_get_thread_num(), omp_get_num_threads(), &meeting});
#else
    work(TeamMember{0, 1, &meeting});
#endif
}

} // namespace llamahome::engine
