#include "managers/chat_command.h"

#include "config/setting_descriptor.h"
#include "core/shell_quote.h"
#include "managers/text.h"

namespace llamahome::managers {

QString chatCommand(const jobs::Conversation& conversation, const std::optional<jobs::ModelEntry>& model,
                    const config::Settings& settings, const std::vector<std::string>& rootWords) {
    if (conversation.model.empty()) return {};
    std::vector<std::string> words{"llamahome"};
    words.insert(words.end(), rootWords.begin(), rootWords.end());
    words.emplace_back("chat");
    if (model)
        words.insert(words.end(), {model->family, model->version});
    else
        words.push_back(conversation.model);
    if (!conversation.adapter.empty()) {
        words.insert(words.end(), {"--adapter", conversation.adapter});
        if (conversation.adapterScale != 1.0)
            words.insert(words.end(), {"--scale", config::numberText(conversation.adapterScale)});
    }
    config::Settings own = settings;
    own.model.generation = conversation.sampling;
    own.model.chat.system = conversation.system;
    if (!conversation.templateName.empty()) own.data.template_name = conversation.templateName;
    for (const config::SettingDescriptor& setting : config::allSettings()) {
        const std::string text = config::settingText(setting, own);
        if (text != config::settingText(setting, settings))
            words.insert(words.end(), {"--set", setting.key + "=" + text});
    }
    return toQt(shellLine(words));
}

} // namespace llamahome::managers
