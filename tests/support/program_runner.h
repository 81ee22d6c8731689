// Runs the built program with a home, settings and data root of its own. One thread.
#pragma once

#include <memory>
#include <string>

#include <QProcess>
#include <QStringList>

#include "support/temporary_folder.h"

namespace llamahome::testing {

struct ProgramResult {
    int code = -1; ///< -1: it crashed, was killed or did not end in time
    std::string out;
    std::string err;
};

class ProgramRunner {
public:
    /// `binary`: path of llamahome. The home is a folder that goes with this object.
    explicit ProgramRunner(QString binary);

    /// `variables` are "NAME=value"; nothing else of the caller's environment but PATH and LOCPATH is passed
    /// on.
    ProgramResult run(const QStringList& words, const QByteArray& input = {},
                      const QStringList& variables = {}, int timeoutMs = 600'000) const;
    /// Starts it and returns at once; stdin is closed.
    std::unique_ptr<QProcess> start(const QStringList& words, const QStringList& variables = {}) const;
    /// Waits for the end and collects.
    static ProgramResult finish(QProcess& process, int timeoutMs = 600'000);

    const TemporaryFolder& home() const { return m_home; }
    std::filesystem::path root() const { return m_home / "root"; }

private:
    void prepare(QProcess& process, const QStringList& variables) const;

    QString m_binary;
    TemporaryFolder m_home;
};

} // namespace llamahome::testing
