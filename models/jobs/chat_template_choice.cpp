#include "jobs/chat_template_choice.h"

#include "config/chat_template_file.h"
#include "text/template/simple_template.h"

namespace llamahome::jobs {

Result<text::ChatTemplate> chosenTemplate(const std::filesystem::path& modelFolder,
                                          const std::string& choice) {
    if (!config::namesTemplateFile(choice)) return text::ChatTemplate::load(modelFolder, choice);
    auto file = config::readTemplateFile(choice);
    if (!file) return file.error();
    text::SimpleTemplate simple{std::move(file->start), {}, std::move(file->end)};
    for (config::TemplateRole& role : file->roles)
        simple.roles.push_back({std::move(role.role), std::move(role.before), std::move(role.after)});
    return text::ChatTemplate::own(modelFolder, choice, std::move(simple));
}

} // namespace llamahome::jobs
