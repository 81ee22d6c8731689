#include "app/command_context.h"
#include "app/commands/commands.h"
#include "app/commands/model_words.h"
#include "app/progress_printer.h"
#include "core/quantity.h"
#include "jobs/library/move_model.h"

namespace llamahome::app {
namespace {

struct MoveOptions {
    std::vector<std::string> model;
    std::optional<std::string> place;
};

Result<void> move(CommandContext& context, const MoveOptions& options) {
    const auto entry = knownEntry(context, options.model);
    if (!entry) return entry.error();
    const auto dataRoot = context.root();
    if (!dataRoot) return dataRoot.error();
    const auto plan = jobs::planMove(*dataRoot, *entry, options.place.value_or(""));
    if (!plan) return plan.error();
    const auto lock = context.lockRoot();
    if (!lock) return lock.error();
    ProgressPrinter progress(context.output(), context.clock());
    const auto moved =
        jobs::moveModel(*plan, *lock, context.files(), context.clock(), context.cancel(), progress.sink());
    if (!moved) return moved.error();
    Output& output = context.output();
    output.line(entry->name + " lies in " + displayPath(moved->folder) + " now" +
                (moved->copiedBytes > 0 ? ", " + formatBytes(moved->copiedBytes) + " copied." : "."));
    output.document(Json{{"name", entry->name},
                         {"folder", displayPath(moved->folder)},
                         {"copied_bytes", moved->copiedBytes},
                         {"runs", moved->runs}});
    return {};
}

} // namespace

CommandSpec moveCommand() {
    const auto options = std::make_shared<MoveOptions>();
    CommandSpec command{"move", "Move a model to another drive, or back",
                        "llamahome move --to /mnt/disk/models smollm2 135m-instruct"};
    command.description =
        "Where to: one of the folders of the setting model.library_folders, or the data folder.";
    command.words("MODEL", "MODEL", 2, "FAMILY VERSION in full, or a Hub id", options->model).required();
    command.value("--to", "DIR", "the folder that it goes to", options->place, ValueKind::Folder).required();
    command.run = [options](CommandContext& context) { return move(context, *options); };
    return command;
}

} // namespace llamahome::app
