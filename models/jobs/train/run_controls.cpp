#include "jobs/train/run_controls.h"

#include "core/machine.h"
#include "core/proc_file.h"
#include "download/retries.h"

namespace llamahome::jobs {

MemoryFigures memoryFigures() {
    const MemoryState machine = memoryState();
    return {namedNumber("/proc/self/status", "VmRSS:").value_or(0) * 1024, machine.availableBytes,
            machine.totalBytes};
}

void pauseRun(double seconds, const CancelToken& cancel) {
    download::pauseForSeconds(seconds, cancel);
}

} // namespace llamahome::jobs
