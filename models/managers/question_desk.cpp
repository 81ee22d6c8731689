#include "managers/question_desk.h"

#include <utility>

#include "managers/run_job.h"
#include "managers/text.h"

namespace llamahome::managers {

QuestionDesk::QuestionDesk(ManagerContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context) {}

QString QuestionDesk::pathOf(const QString& name) const {
    return pathToQt(m_context.workspace.root.samples() / pathFromQt(name));
}

void QuestionDesk::read(const QString& path) {
    using Rows = std::vector<jobs::QuestionAnswer>;
    runTask<Result<Rows>>(
        m_context.filePool, m_context.jobs, [file = pathFromQt(path)] { return jobs::readQuestions(file); },
        this,
        [this, path](const Result<Rows>& rows) {
            if (rows)
                Q_EMIT wasRead(path, *rows);
            else
                Q_EMIT failed(rows.error());
        });
}

void QuestionDesk::write(const QString& path, std::vector<jobs::QuestionAnswer> rows, bool mayReplace) {
    runTask<Result<void>>(
        m_context.filePool, m_context.jobs,
        [workspace = m_context.workspace, file = pathFromQt(path), rows = std::move(rows), mayReplace] {
            return jobs::writeQuestions(*workspace.files, file, rows, mayReplace);
        },
        this,
        [this, path](const Result<void>& written) {
            if (written)
                Q_EMIT wasWritten(path);
            else
                Q_EMIT failed(written.error());
        });
}

} // namespace llamahome::managers
