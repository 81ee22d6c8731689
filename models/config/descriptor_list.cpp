#include "config/descriptor_list.h"

namespace llamahome::config {

using Entry = DescriptorList::Entry;

Entry& Entry::unit(std::string text) {
    m_setting.unit = std::move(text);
    return *this;
}

Entry& Entry::integers(std::int64_t minimum, std::int64_t maximum) {
    m_setting.integers = {minimum, maximum};
    return *this;
}

Entry& Entry::numbers(NumberRange range) {
    m_setting.numbers = range;
    return *this;
}

Entry& Entry::choices(std::vector<std::string> names) {
    m_setting.choices = std::move(names);
    if (m_setting.kind == SettingKind::Text) m_setting.kind = SettingKind::Choice;
    return *this;
}

Entry& Entry::forLater() {
    m_setting.isForLater = true;
    return *this;
}
Entry& Entry::suggestions(std::vector<std::string> names) {
    m_setting.suggestions = std::move(names);
    return *this;
}

Entry& Entry::later(std::vector<LaterChoice> refused) {
    m_setting.later = std::move(refused);
    return *this;
}

Entry& Entry::form(TextForm form) {
    m_setting.form = form;
    return *this;
}

Entry& Entry::notEmpty() {
    m_setting.mayBeEmpty = false;
    return *this;
}

Entry& Entry::autoIs(std::int64_t value) {
    m_setting.autoValue = value;
    return *this;
}

Entry& Entry::help(std::string text) {
    m_setting.help = std::move(text);
    return *this;
}

Entry& Entry::effect(std::string text) {
    m_setting.effect = std::move(text);
    return *this;
}

Entry& Entry::alsoCalled(std::vector<std::string> names) {
    m_setting.otherNames = std::move(names);
    return *this;
}

} // namespace llamahome::config
