#include "managers/diagnostics_writer.h"

#include <string>
#include <vector>

#include "config/environment.h"
#include "core/clock.h"
#include "core/log.h"
#include "jobs/system/doctor.h"
#include "managers/run_job.h"
#include "managers/text.h"

namespace llamahome::managers {
namespace {

std::string withoutHome(std::string text, const std::string& home) {
    if (home.size() < 2) return text;
    for (std::size_t at = text.find(home); at != std::string::npos; at = text.find(home, at + 1))
        text.replace(at, home.size(), "~");
    return text;
}

std::string reportText(const Workspace& place, const std::vector<std::string>& log) {
    std::string text =
        "LlamaHome " + place.programVersion + "\nwritten " + formatUtc(place.clock->now()) + "\n\nMachine\n";
    jobs::DoctorRequest request;
    request.root = place.root;
    request.diskTestBytes = 0;
    for (const jobs::Finding& finding : jobs::examineMachine(request, *place.files, *place.clock)) {
        text += "  " + finding.name + ": " + finding.value;
        if (finding.status != jobs::FindingStatus::Ok)
            text += " (" + std::string(jobs::findingStatusName(finding.status)) + ")";
        text += "\n";
        if (!finding.advice.empty()) text += "    " + finding.advice + "\n";
    }
    text += "  libtorch and disk speed: see 'llamahome doctor'\n\nEnvironment\n";
    for (const config::EnvironmentRow& row : config::describeEnvironment(place.environment))
        if (row.value != "not set") text += "  " + row.name + "=" + row.value + "\n";
    text += "\nLog of this session, " + std::to_string(log.size()) + " lines\n";
    for (const std::string& line : log)
        text += "  " + line + "\n";
    return redactSecrets(withoutHome(text, config::environmentValue(place.environment, "HOME")));
}

} // namespace

DiagnosticsWriter::DiagnosticsWriter(ManagerContext& context, const LogStore& log, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_log(log) {}

QString DiagnosticsWriter::proposedName() const {
    const QString day = toQt(formatUtc(m_context.workspace.clock->now())).left(10);
    return QStringLiteral("llamahome-report-%1.txt").arg(day);
}

Job* DiagnosticsWriter::save(const QString& path) {
    std::vector<std::string> log;
    log.reserve(m_log.lines().size());
    for (const LogLine& line : m_log.lines())
        log.push_back(fromQt(logLineText(line)));
    Job& job = m_context.jobs.start(JobKind::Report, tr("Saving a report"));
    const auto write = [place = m_context.workspace, log = std::move(log),
                        file = pathFromQt(path)](const JobControl&) {
        return writeFileAtomically(*place.files, file, reportText(place, log));
    };
    runJob<void>(m_context.jobPool, m_context.jobs, job, *m_context.workspace.clock, write, this,
                 [this, path](const Result<void>& written) {
                     if (written)
                         Q_EMIT saved(path);
                     else
                         Q_EMIT failed(written.error());
                 });
    return &job;
}

} // namespace llamahome::managers
