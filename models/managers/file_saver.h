// FileSaver: writes what a person saves from a page. A QObject; GUI thread, files on the file pool.
#pragma once

#include <functional>
#include <string>

#include <QObject>
#include <QString>

#include "core/error.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class FileSaver final : public QObject {
    Q_OBJECT

public:
    /// `context` outlives it.
    explicit FileSaver(ManagerContext& context, QObject* parent = nullptr);

    /// Writes the bytes that `make` gives, on the pool, to `path`, replacing a file of that name; saved() or
    /// failed() follows.
    void save(const QString& path, std::function<Result<std::string>()> make);

Q_SIGNALS:
    void saved(const QString& path);
    void failed(const llamahome::Error& error);

private:
    ManagerContext& m_context;
};

} // namespace llamahome::managers
