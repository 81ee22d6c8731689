#include "app/command_context.h"
#include "app/commands/commands.h"
#include "core/error_codes.h"
#include "jobs/doctor.h"

namespace llamahome::app {
namespace {

struct DoctorOptions {
    bool quick = false;
};

jobs::Finding settingsFinding(const std::vector<config::SettingProblem>& problems) {
    if (problems.empty()) return {"settings", "nothing wrong in them"};
    return {"settings", config::problemsError(problems).message, jobs::FindingStatus::Problem,
            "correct what `llamahome config check` lists; until then other commands refuse to start"};
}

Result<void> examine(CommandContext& context, const DoctorOptions& options) {
    const auto problems = context.takeRightSettings();
    if (!problems) return problems.error();
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    jobs::DoctorRequest request;
    request.root = *dataRoot;
    request.openEngine = [&context]() -> Result<engine::EngineInfo> {
        const auto engine = context.engine();
        if (!engine) return engine.error();
        return (*engine)->info();
    };
    if (options.quick) request.diskTestBytes = 0;
    std::vector<jobs::Finding> findings = jobs::examineMachine(request, context.files(), context.clock());
    findings.push_back(settingsFinding(*problems));
    Output& output = context.output();
    output.document(jobs::findingsJson(findings));
    Table table{{"what", "status", "found"}, {}};
    for (const jobs::Finding& finding : findings)
        table.rows.push_back(
            {finding.name, std::string(jobs::findingStatusName(finding.status)), finding.value});
    output.table(table);
    bool hasProblem = false;
    for (const jobs::Finding& finding : findings) {
        hasProblem = hasProblem || finding.status == jobs::FindingStatus::Problem;
        if (!finding.advice.empty()) output.line(finding.name + ": " + finding.advice);
    }
    if (hasProblem)
        return Error{codes::kMachineProblem, "doctor: something above would stop a run; see there"};
    output.line("Nothing here would stop a run.");
    return {};
}

} // namespace

CommandSpec doctorCommand() {
    const auto options = std::make_shared<DoctorOptions>();
    CommandSpec command{"doctor", "What this machine has, and what would stop a run", "llamahome doctor"};
    command.description = "Ends with 1 where something would stop a run, a wrong settings file included.";
    command.flag("--quick", "do not measure the disk", options->quick);
    command.run = [options](CommandContext& context) { return examine(context, *options); };
    return command;
}

} // namespace llamahome::app
