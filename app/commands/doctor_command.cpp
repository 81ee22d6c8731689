#include "app/command_context.h"
#include "app/commands/commands.h"
#include "jobs/doctor.h"

namespace llamahome::app {
namespace {

struct DoctorOptions {
    bool quick = false;
};

Result<void> examine(CommandContext& context, const DoctorOptions& options) {
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
    const std::vector<jobs::Finding> findings =
        jobs::examineMachine(request, context.files(), context.clock());
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
    output.line(hasProblem ? "Something above would stop a run." : "Nothing here would stop a run.");
    return {};
}

} // namespace

CommandSpec doctorCommand() {
    const auto options = std::make_shared<DoctorOptions>();
    CommandSpec command{"doctor", "What this machine has, and what would stop a run", "llamahome doctor"};
    command.flag("--quick", "do not measure the disk", options->quick);
    command.run = [options](CommandContext& context) { return examine(context, *options); };
    return command;
}

} // namespace llamahome::app
