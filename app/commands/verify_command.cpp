#include <algorithm>

#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/commands/run_download.h"
#include "app/progress_printer.h"
#include "jobs/library/model_spec.h"
#include "jobs/verify/repair_model.h"

namespace llamahome::app {
namespace {

struct VerifyOptions {
    std::vector<std::string> model;
    bool deep = false;
    bool repair = false;
};

/// A model, an adapter of the library, or the folder of either.
Result<jobs::ModelEntry> entryOf(CommandContext& context, const std::vector<std::string>& words) {
    const auto library = context.library();
    if (!library) return library.error();
    if (words.size() == 1)
        if (auto folder = (*library)->describeFolder(words.front());
            folder && folder->kind == jobs::kAdapterKind)
            return std::move(*folder);
    return knownEntry(context, words);
}

/// The report, which the model's folder keeps a mark of.
Result<jobs::VerifyReport> verified(CommandContext& context, const jobs::ModelEntry& entry, bool deep) {
    std::optional<jobs::ModelEntry> base;
    if (entry.kind == jobs::kAdapterKind) {
        const auto library = context.library();
        if (!library) return library.error();
        if (auto found = jobs::baseOfAdapter(**library, entry)) base = std::move(*found);
    }
    ProgressPrinter progress(context.output(), context.clock());
    auto report = jobs::verifyModel(entry, deep, context.cancel(), progress.sink(), base);
    if (report) jobs::keepVerdict(entry, *report, context.files());
    return report;
}

bool isToBeFetched(const jobs::VerifyReport& report) {
    return std::any_of(report.checks.begin(), report.checks.end(), [](const jobs::CheckResult& check) {
        return check.repair && check.repair->kind == jobs::RepairKind::FetchAgain;
    });
}

/// The repairs that need no other files. False where there was none.
Result<bool> repairHere(CommandContext& context, const jobs::ModelEntry& entry,
                        const jobs::VerifyReport& report) {
    const std::vector<jobs::Repair> repairs = jobs::repairsOf(report);
    if (repairs.empty()) return false;
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    ProgressPrinter progress(context.output(), context.clock());
    for (const jobs::Repair& one : repairs) {
        const auto done =
            jobs::repairModel(entry, one, *lock, context.files(), context.cancel(), progress.sink());
        if (!done) return done.error();
    }
    return true;
}

/// Does every repair that the program can do. False where there was none.
Result<bool> repair(CommandContext& context, const jobs::ModelEntry& entry,
                    const jobs::VerifyReport& report) {
    const auto here = repairHere(context, entry, report);
    if (!here || !isToBeFetched(report)) return here;
    const auto fetched = fetchDamagedAgain(context, entry);
    if (!fetched) return fetched.error();
    return true;
}

Json checkJson(const jobs::ModelEntry& entry, const jobs::CheckResult& check) {
    Json json{{"name", check.name},
              {"status", std::string(jobs::checkStatusName(check.status))},
              {"reason", check.reason},
              {"code", check.code}};
    if (check.repair) json["repair"] = jobs::repairCommand(entry, *check.repair);
    return json;
}

void show(Output& output, const jobs::ModelEntry& entry, const jobs::VerifyReport& report, bool deep) {
    Table table{{"check", "result", "found"}, {}};
    Json checks = Json::array();
    for (const jobs::CheckResult& check : report.checks) {
        table.rows.push_back({check.name, std::string(jobs::checkStatusName(check.status)), check.reason});
        checks.push_back(checkJson(entry, check));
    }
    Json document{{"model", entry.name},
                  {"path", displayPath(entry.path)},
                  {"deep", deep},
                  {"ok", report.ok},
                  {"checks", std::move(checks)}};
    if (report.error) document["error"] = errorJson(*report.error);
    output.document(document);
    output.table(table);
    for (const jobs::CheckResult& check : report.checks)
        if (check.repair)
            output.line("To repair " + check.name + ": " + output.typed(repairCommand(entry, *check.repair)));
}

bool isHashed(const jobs::VerifyReport& report) {
    return std::any_of(report.checks.begin(), report.checks.end(), [](const jobs::CheckResult& check) {
        return check.name == "hashes" && check.status == jobs::CheckStatus::Passed;
    });
}

Result<void> verify(CommandContext& context, const VerifyOptions& options) {
    const auto entry = entryOf(context, options.model);
    if (!entry) return entry.error();
    auto report = verified(context, *entry, options.deep);
    if (!report) return report.error();
    if (options.repair) {
        const auto repaired = repair(context, *entry, *report);
        if (!repaired) return repaired.error();
        if (*repaired) report = verified(context, *entry, options.deep);
        if (!report) return report.error();
    }
    Output& output = context.output();
    show(output, *entry, *report, options.deep);
    if (report->error) return *report->error;
    output.line("");
    output.line(entry->name + " is whole" +
                (isHashed(*report) ? ", every byte."
                 : options.deep    ? "; no hashes are recorded to compare its bytes with."
                                   : "; --deep also hashes every byte."));
    return {};
}

} // namespace

CommandSpec verifyCommand() {
    const auto options = std::make_shared<VerifyOptions>();
    CommandSpec command{"verify", "Check an installed model or adapter",
                        "llamahome verify smollm2 135m-instruct --deep"};
    addModelWords(command, options->model);
    command.flag("--deep", "also hash every byte and look at every weight", options->deep);
    command.flag("--repair",
                 "put right what can be, and check again: rights, stale files, a list of files "
                 "(llamahome.json) that is out of date; damaged files are fetched anew from the Hub",
                 options->repair);
    command.run = [options](CommandContext& context) { return verify(context, *options); };
    return command;
}

} // namespace llamahome::app
