#include "text/template/template_table.h"

#include "text/template/llama2_template.h"
#include "text/template/llama3_template.h"
#include "text/template/template_normaliser.h"
#include "text/template/template_parts.h"

namespace llamahome::text {
namespace {

constexpr std::string_view kSmolLm2System =
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
/// What stands in `text` for the hole of `known`; nothing where the rest differs.
std::optional<std::string> fillingOf(std::string_view known, std::string_view text) {
    const std::size_t hole = known.find(kHole);
    if (hole == std::string_view::npos) return known == text ? std::optional(std::string()) : std::nullopt;
    const std::string_view before = known.substr(0, hole);
    const std::string_view after = known.substr(hole + kHole.size());
    if (text.size() < before.size() + after.size() || !text.starts_with(before) || !text.ends_with(after))
        return std::nullopt;
    std::string filling(text.substr(before.size(), text.size() - before.size() - after.size()));
    // A quote or another tag in the hole would make it more than one text.
    return filling.find_first_of("'{}") == std::string::npos ? std::optional(filling) : std::nullopt;
}

/// One wording of ChatML's template.
struct ChatMlText {
    std::string normal; ///< with kHole where the default system text stands
    bool bosFirst = false;
};

/// Every wording: with and without each of its optional parts.
const std::vector<ChatMlText>& chatMlTexts() {
    static const std::vector<ChatMlText> all = [] {
        std::vector<ChatMlText> texts;
        for (const bool hasDefault : {false, true}) {
            for (const bool bosFirst : {false, true}) {
                for (const std::string_view system : {std::string_view(), kDefaultSystem}) {
                    for (const std::string_view prompt : {kPrompt, std::string_view()}) {
                        std::string known(hasDefault ? kPromptDefault : std::string_view());
                        known += bosFirst ? kBos : std::string_view();
                        ((((known += kLoop) += system) += kTurn) += prompt);
                        texts.push_back({normalTemplate(known), bosFirst});
                    }
                }
            }
        }
        return texts;
    }();
    return all;
}

std::optional<TemplateStyle> recogniseChatMl(const std::string& normal) {
    for (const ChatMlText& known : chatMlTexts()) {
        const auto filling = fillingOf(known.normal, normal);
        if (!filling) continue;
        return TemplateStyle{*filling == kSmolLm2System ? "smollm2" : "chatml", TemplateKind::ChatMl,
                             *filling, known.bosFirst, DateRule::None};
    }
    return std::nullopt;
}

} // namespace

const std::vector<TemplateStyle>& templateStyles() {
    static const std::vector<TemplateStyle> styles{
        {"chatml", TemplateKind::ChatMl, {}, false, DateRule::None},
        {"smollm2", TemplateKind::ChatMl, std::string(kSmolLm2System), false, DateRule::None},
        {"llama3", TemplateKind::Llama3, {}, true, DateRule::Fixed},
        {"llama3.2", TemplateKind::Llama3, {}, true, DateRule::Today},
        {"llama3.0", TemplateKind::Llama3, {}, true, DateRule::None},
        {"llama2", TemplateKind::Llama2, {}, true, DateRule::None},
        {"zephyr", TemplateKind::Zephyr, {}, false, DateRule::None},
        {"alpaca", TemplateKind::Alpaca, {}, false, DateRule::None},
        {"plain", TemplateKind::Plain, {}, false, DateRule::None},
    };
    return styles;
}

std::optional<TemplateStyle> styleNamed(std::string_view name) {
    if (name == "llama3.1" || name == "llama3.3") name = "llama3"; // one text for both
    for (const TemplateStyle& style : templateStyles()) {
        if (style.name == name) return style;
    }
    return std::nullopt;
}

std::optional<TemplateStyle> recogniseStyle(std::string_view templateText) {
    const std::string normal = normalTemplate(templateText);
    if (auto style = recogniseChatMl(normal)) return style;
    if (normal == normalTemplate(kZephyr)) return styleNamed("zephyr");
    if (isLlama2Template(normal)) return styleNamed("llama2");
    return styleNamed(llama3NameOf(templateText));
}

} // namespace llamahome::text
