// QuestionDesk: reads and writes the user's tables of questions and answers. A QObject; GUI thread, files are
// handled on the file pool.
#pragma once

#include <vector>

#include <QObject>
#include <QString>

#include "jobs/train/question_file.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class QuestionDesk final : public QObject {
    Q_OBJECT

public:
    /// `context` outlives it.
    explicit QuestionDesk(ManagerContext& context, QObject* parent = nullptr);

    /// Where a table of that name is kept: among the data files that the Training page offers.
    QString pathOf(const QString& name) const;
    /// wasRead() follows, or failed().
    void read(const QString& path);
    /// wasWritten() follows, or failed(): where the file is there and not to be replaced, too.
    void write(const QString& path, std::vector<jobs::QuestionAnswer> rows, bool mayReplace);

Q_SIGNALS:
    void wasRead(const QString& path, const std::vector<llamahome::jobs::QuestionAnswer>& rows);
    void wasWritten(const QString& path);
    void failed(const llamahome::Error& error);

private:
    ManagerContext& m_context;
};

} // namespace llamahome::managers
