#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/hub_login.h"
#include "app/progress_printer.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/system/cuda_component.h"
#include "jobs/system/doctor.h"
#include "jobs/system/network_access.h"

namespace llamahome::app {
namespace {

struct DoctorOptions {
    bool quick = false;
    bool installCuda = false;
    bool removeCuda = false;
    bool yes = false;
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
    findings.push_back({"token for the Hub", tokenOrigin(context)});
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

void tellState(Output& output, const jobs::CudaState& state, const std::string& text) {
    output.line(text);
    output.document(Json{{"installed", state.isInstalled},
                         {"folder", displayPath(state.folder)},
                         {"bytes", state.presentBytes}});
}

Result<void> installCuda(CommandContext& context, const DoctorOptions& options) {
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    const jobs::CudaComponent& component = jobs::cudaComponent();
    const jobs::MachineFacts machine = jobs::machineFacts();
    if (auto fits = jobs::checkCudaMachine(component, machine); !fits) return fits;
    const jobs::CudaState before = jobs::cudaState(*dataRoot, component);
    if (before.isInstalled) {
        tellState(context.output(), before,
                  "The CUDA component is in " + displayPath(before.folder) + " already.");
        return {};
    }
    context.output().message("Fetches " + formatBytes(before.downloadBytes) + ", takes " +
                             formatBytes(before.unpackedBytes) + " in " + displayPath(before.folder) +
                             ". Driver found: " + machine.nvidiaDriver +
                             ", needed: " + component.neededDriver +
                             " or newer. These are NVIDIA's libraries, under NVIDIA's licence.");
    if (!options.yes)
        if (auto confirmed = context.confirm("Fetch it?"); !confirmed) return confirmed;
    const auto index = jobs::pythonIndex(context.environment());
    if (!index) return index.error();
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    const auto rules = jobs::networkRules((*settings)->values.model.hub, context.environment());
    if (!rules) return rules.error();
    const auto transport = jobs::openNetwork(*rules);
    if (!transport) return transport.error();
    ProgressPrinter progress(context.output(), context.clock());
    const auto installed = jobs::installCuda({*index, component, **transport}, machine, *lock,
                                             context.files(), context.cancel(), progress.sink());
    if (!installed) return installed.error();
    tellState(context.output(), *installed,
              "The CUDA component is in " + displayPath(installed->folder) + ", " +
                  formatBytes(installed->presentBytes) + ". `llamahome doctor --remove-cuda` removes it.");
    return {};
}

Result<void> removeCuda(CommandContext& context, const DoctorOptions& options) {
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    const jobs::CudaState before = jobs::cudaState(*dataRoot, jobs::cudaComponent());
    if (before.presentBytes == 0) {
        tellState(context.output(), before,
                  "There is no CUDA component in " + displayPath(dataRoot->path) + ".");
        return {};
    }
    if (!options.yes) {
        const std::string question = "Remove the CUDA component, " + formatBytes(before.presentBytes) + "?";
        if (auto confirmed = context.confirm(question); !confirmed) return confirmed;
    }
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    const auto freed = jobs::removeCuda(*lock, context.files());
    if (!freed) return freed.error();
    tellState(context.output(), jobs::cudaState(*dataRoot, jobs::cudaComponent()),
              "The CUDA component is removed, " + formatBytes(*freed) + " freed.");
    return {};
}

Result<void> run(CommandContext& context, const DoctorOptions& options) {
    if (options.installCuda && options.removeCuda)
        return Error{codes::kUsage, "doctor: found --install-cuda and --remove-cuda, expected one of them"};
    if (options.installCuda) return installCuda(context, options);
    if (options.removeCuda) return removeCuda(context, options);
    return examine(context, options);
}

} // namespace

CommandSpec doctorCommand() {
    const auto options = std::make_shared<DoctorOptions>();
    CommandSpec command{"doctor", "What this machine has, and what would stop a run", "llamahome doctor"};
    command.description = "Ends with 1 where something would stop a run, a wrong settings file included.";
    command.flag("--quick", "do not measure the disk", options->quick);
    command.flag("--install-cuda", "fetch what an NVIDIA card needs, from the Python package index",
                 options->installCuda);
    command.flag("--remove-cuda", "remove that again", options->removeCuda);
    command.flag("--yes", "do not ask", options->yes);
    command.run = [options](CommandContext& context) { return run(context, *options); };
    return command;
}

} // namespace llamahome::app
