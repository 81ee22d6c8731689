#include "support/program_runner.h"

#include <QProcessEnvironment>

namespace llamahome::testing {

ProgramRunner::ProgramRunner(QString binary)
    : m_binary(std::move(binary)) {}

void ProgramRunner::prepare(QProcess& process, const QStringList& variables) const {
    QProcessEnvironment environment;
    const QString base = QString::fromStdString(m_home.path().string());
    for (const char* name : {"PATH", "LOCPATH"})
        if (qEnvironmentVariableIsSet(name))
            environment.insert(QString::fromLatin1(name), qEnvironmentVariable(name));
    environment.insert(QStringLiteral("HOME"), base);
    environment.insert(QStringLiteral("LLAMAHOME_ROOT"), QString::fromStdString(root().string()));
    for (const QString& variable : variables)
        environment.insert(variable.section(u'=', 0, 0), variable.section(u'=', 1));
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(base);
    process.setProgram(m_binary);
}

std::unique_ptr<QProcess> ProgramRunner::start(const QStringList& words, const QStringList& variables) const {
    auto process = std::make_unique<QProcess>();
    prepare(*process, variables);
    process->setArguments(words);
    process->start();
    process->closeWriteChannel();
    return process;
}

ProgramResult ProgramRunner::finish(QProcess& process, int timeoutMs) {
    const bool ended = process.state() == QProcess::NotRunning || process.waitForFinished(timeoutMs);
    ProgramResult result;
    result.out = process.readAllStandardOutput().toStdString();
    result.err = process.readAllStandardError().toStdString();
    if (ended && process.exitStatus() == QProcess::NormalExit) result.code = process.exitCode();
    return result;
}

ProgramResult ProgramRunner::run(const QStringList& words, const QByteArray& input,
                                 const QStringList& variables, int timeoutMs) const {
    QProcess process;
    prepare(process, variables);
    process.setArguments(words);
    process.start();
    process.write(input);
    process.closeWriteChannel();
    return finish(process, timeoutMs);
}

} // namespace llamahome::testing
