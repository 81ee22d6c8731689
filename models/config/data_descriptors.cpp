// The table of `data:`.
#include "config/descriptor_list.h"

namespace llamahome::config {

void describeData(DescriptorList& list) {
    list.add(
            "data.batch_rows", "Rows prepared at once", [](auto& s) -> auto& { return s.data.batch_rows; })
        .integers(1, 10'000'000)
        .unit("rows")
        .help("Rows that a preparation worker takes at once; never the training batch.")
        .effect("More needs more memory while preparing; the result is the same.");
    list.add(
            "data.template", "Chat template", [](auto& s) -> auto& { return s.data.template_name; })
        .form(TextForm::Template)
        .suggestions(
            {"chatml", "smollm2", "llama3", "llama3.2", "llama3.0", "llama2", "zephyr", "alpaca", "plain"})
        .help("Name of the chat template, or a .yaml file with one of your own; empty: the model's own.")
        .effect("Another template than the model learned with makes answers worse.")
        .alsoCalled({"chat_template", "prompt_template"});
    list.add(
            "data.supervise", "Learn from", [](auto& s) -> auto& { return s.data.supervise; })
        .choices({"all", "last"})
        .help("Answers of a conversation that are learned: all, or the last one.")
        .effect("last suits data whose earlier answers are only context.")
        .alsoCalled({"train_on_inputs", "mask_prompt"});
    list.add(
            "data.system", "System message", [](auto& s) -> auto& { return s.data.system; })
        .help("System message put before conversations that have none.")
        .effect("Use the same one in the chat afterwards.")
        .alsoCalled({"system_prompt", "system_message"});
    list.add(
            "data.date", "Date in prompts", [](auto& s) -> auto& { return s.data.date; })
        .help("Date for templates that print one, as `31 Jan 2026`; empty: today.")
        .effect("A fixed date makes a run repeatable on another day.");
    list.add(
            "data.map", "Columns", [](auto& s) -> auto& { return s.data.map; })
        .form(TextForm::Pair)
        .help("Which column is what, as instruction=COLUMN; empty: recognised by content.")
        .effect("For data whose columns have unusual names.")
        .alsoCalled({"columns", "column_map", "field_map"});
    list.add(
            "data.skip_bad_rows", "Skip bad rows", [](auto& s) -> auto& { return s.data.skip_bad_rows; })
        .help("Whether rows that cannot be used are left out instead of stopping the run.")
        .effect("On trains on the rest and says how many were left out.");
}

} // namespace llamahome::config
