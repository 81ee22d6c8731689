#include "managers/file_saver.h"

#include <utility>

#include "managers/run_job.h"
#include "managers/text.h"

namespace llamahome::managers {

FileSaver::FileSaver(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context) {}

void FileSaver::save(const QString& path, std::function<Result<std::string>()> make) {
    runTask<Result<void>>(
        m_context.filePool, m_context.jobs,
        [files = m_context.workspace.files, file = pathFromQt(path),
         make = std::move(make)]() -> Result<void> {
            const auto bytes = make();
            return bytes ? writeFileAtomically(*files, file, *bytes) : Result<void>(bytes.error());
        },
        this,
        [this, path](const Result<void>& written) {
            if (written)
                Q_EMIT saved(path);
            else
                Q_EMIT failed(written.error());
        });
}

} // namespace llamahome::managers
