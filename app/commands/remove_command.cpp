#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "jobs/library/remove_model.h"

namespace llamahome::app {
namespace {

struct RemoveOptions {
    std::vector<std::string> model;
    bool yes = false;
    bool force = false;
};

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The plan on standard error where it precedes a question, so that it is seen under --json too.
void showPlan(Output& output, const jobs::RemovalPlan& plan) {
    Table table{{"file", "frees"}, {}, {1}};
    for (const jobs::PlannedFile& file : plan.files)
        table.rows.push_back({file.path, file.isLink ? "link only" : formatBytes(file.freedBytes)});
    output.message(displayPath(plan.folder) + ":\n" + table.text());
    if (plan.isByName) output.message("The manifest cannot be read: these are chosen by their names.");
    for (const std::string& name : plan.foreign)
        output.message("stays, not part of the model: " + name);
    output.message("Frees " + formatBytes(plan.freedBytes) + ".");
}

/// What is deleted is named in full: a family, for which other commands take its default version, is not.
Result<void> checkIsFullName(const std::vector<std::string>& words, const jobs::ModelEntry& entry) {
    const bool isFamily = words.size() == 1 && entry.kind == jobs::kModelKind &&
                          words.front().find('/') == std::string::npos && entry.family != "local";
    if (!isFamily) return {};
    return Error{codes::kModelWords, "remove: found the family `" + words.front() +
                                         "`, expected the full name of one model; for its default version "
                                         "type `llamahome remove " +
                                         typedName(entry) + "`, others are in `llamahome models " +
                                         entry.family + "`"};
}

void showDependents(Output& output, const jobs::Dependents& dependents) {
    if (!dependents.adapters.empty())
        output.message("Adapters that need it as their base, and stay: " + joined(dependents.adapters));
    if (!dependents.runs.empty())
        output.message("Runs that cannot go on without it, and stay: " + joined(dependents.runs));
}

Result<void> remove(CommandContext& context, const RemoveOptions& options) {
    const auto entry = knownEntry(context, options.model);
    if (!entry) return entry.error();
    if (auto full = checkIsFullName(options.model, *entry); !full) return full;
    const auto library = context.library();
    if (!library) return library.error();
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    const auto basis = options.force ? jobs::RemovalBasis::Names : jobs::RemovalBasis::Manifest;
    const auto plan = jobs::planRemoval(*dataRoot, *entry, basis);
    if (!plan) return plan.error();
    const jobs::Dependents dependents = jobs::dependentsOf(**library, *entry);
    showPlan(context.output(), *plan);
    showDependents(context.output(), dependents);
    if (!options.yes)
        if (auto confirmed = context.confirm("Remove " + plan->name + "?"); !confirmed) return confirmed;
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    const auto freed = jobs::removeModel(*plan, *lock, context.files());
    if (!freed) return freed.error();
    Output& output = context.output();
    output.line(plan->name + " removed, " + formatBytes(*freed) + " freed.");
    if (!plan->foreign.empty())
        output.line("Left in " + displayPath(plan->folder) + ", as no part of it: " + joined(plan->foreign) +
                    ". The name " + plan->name + " is free again once that folder is moved away or deleted.");
    output.document(Json{{"name", plan->name},
                         {"freed_bytes", *freed},
                         {"folder", displayPath(plan->folder)},
                         {"left", plan->foreign},
                         {"adapters", dependents.adapters},
                         {"runs", dependents.runs}});
    return {};
}

} // namespace

CommandSpec removeCommand() {
    const auto options = std::make_shared<RemoveOptions>();
    CommandSpec command{"remove", "Remove an installed model or adapter",
                        "llamahome remove smollm2_135m-instruct_finetuned"};
    command
        .words("MODEL", "MODEL", 2, "FAMILY VERSION in full, a Hub id, or the name of an adapter",
               options->model)
        .required();
    command.flag("--yes", "do not ask", options->yes);
    command.flag(
        "--force",
        "where the list of files (llamahome.json) is damaged, go by the names that a model's files have",
        options->force);
    command.run = [options](CommandContext& context) { return remove(context, *options); };
    return command;
}

} // namespace llamahome::app
