// The table of chat templates: what names mean, and which template texts are which style. Any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "text/template/chat_template.h"

namespace llamahome::text {

/// Every style that has a name, in the order in which help texts list them. To add one, add a row.
const std::vector<TemplateStyle>& templateStyles();

/// The style of that name, other names of one included; nothing where it is not known.
std::optional<TemplateStyle> styleNamed(std::string_view name);

/// The style of a template's text; nothing where it is not known.
std::optional<TemplateStyle> recogniseStyle(std::string_view templateText);

} // namespace llamahome::text
