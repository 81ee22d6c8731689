#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "jobs/verify_model.h"

namespace llamahome::app {
namespace {

struct VerifyOptions {
    std::vector<std::string> model;
    bool deep = false;
};

Result<void> verify(CommandContext& context, const VerifyOptions& options) {
    const auto entry = knownEntry(context, options.model);
    if (!entry) return entry.error();
    Result<jobs::VerifyReport> report = [&] {
        ProgressPrinter progress(context.output(), context.clock());
        return jobs::verifyModel(*entry, options.deep, context.cancel(), progress.sink());
    }();
    if (!report) return report.error();
    Table table{{"check", "result", "found"}, {}};
    Json checks = Json::array();
    for (const jobs::CheckResult& check : report->checks) {
        const std::string status(jobs::checkStatusName(check.status));
        table.rows.push_back({check.name, status, check.reason});
        checks.push_back(
            Json{{"name", check.name}, {"status", status}, {"reason", check.reason}, {"code", check.code}});
    }
    Output& output = context.output();
    Json document{{"model", entry->name},
                  {"path", displayPath(entry->path)},
                  {"deep", options.deep},
                  {"ok", report->ok},
                  {"checks", checks}};
    if (report->error) document["error"] = errorJson(*report->error);
    output.document(document);
    output.table(table);
    if (report->error) return *report->error;
    output.line("");
    output.line(entry->name + " is whole" +
                (options.deep ? ", every byte." : "; --deep also hashes every byte."));
    return {};
}

} // namespace

CommandSpec verifyCommand() {
    const auto options = std::make_shared<VerifyOptions>();
    CommandSpec command{"verify", "Check an installed model or adapter",
                        "llamahome verify smollm2 135m-instruct --deep"};
    addModelWords(command, options->model);
    command.flag("--deep", "also hash every byte and look at every weight", options->deep);
    command.run = [options](CommandContext& context) { return verify(context, *options); };
    return command;
}

} // namespace llamahome::app
