// How the tables of descriptors are written: one statement a setting. Any thread.
#pragma once

#include <initializer_list>
#include <type_traits>
#include <utility>

#include "config/setting_descriptor.h"

namespace llamahome::config {

/// Adds descriptors to a list; each call starts one, the calls chained to it fill it in.
class DescriptorList {
public:
    /// The one just added.
    class Entry {
    public:
        explicit Entry(SettingDescriptor& setting)
            : m_setting(setting) {}
        Entry& unit(std::string text);
        Entry& integers(std::int64_t minimum, std::int64_t maximum);
        Entry& numbers(NumberRange range);
        Entry& choices(std::vector<std::string> names);
        Entry& suggestions(std::vector<std::string> names);
        Entry& later(std::vector<LaterChoice> refused);
        Entry& forLater();
        Entry& form(TextForm form);
        Entry& notEmpty();
        Entry& autoIs(std::int64_t value);
        Entry& help(std::string text);
        Entry& effect(std::string text);
        Entry& alsoCalled(std::vector<std::string> names);

    private:
        SettingDescriptor& m_setting;
    };

    /// `access` maps Settings& to the field's reference, const in, const out. The kind follows the field's
    /// type.
    template <typename Access>
    Entry add(std::string key, std::string label, Access access) {
        using Field = std::remove_cvref_t<decltype(access(std::declval<Settings&>()))>;
        SettingDescriptor setting;
        setting.key = std::move(key);
        setting.label = std::move(label);
        setting.kind = kindOf<Field>();
        setting.get = [access](const Settings& settings) -> SettingValue {
            if constexpr (std::is_integral_v<Field> && !std::is_same_v<Field, bool>)
                return static_cast<std::int64_t>(access(settings));
            else
                return access(settings);
        };
        setting.set = [access](Settings& settings, const SettingValue& value) {
            if constexpr (std::is_integral_v<Field> && !std::is_same_v<Field, bool>)
                access(settings) = static_cast<Field>(std::get<std::int64_t>(value));
            else
                access(settings) = std::get<Field>(value);
        };
        if constexpr (std::is_same_v<Field, int>)
            setting.integers = {std::numeric_limits<int>::min(), std::numeric_limits<int>::max()};
        m_settings.push_back(std::move(setting));
        return Entry(m_settings.back());
    }

    std::vector<SettingDescriptor> take() { return std::move(m_settings); }

private:
    template <typename Field>
    static constexpr SettingKind kindOf() {
        if constexpr (std::is_same_v<Field, bool>)
            return SettingKind::Bool;
        else if constexpr (std::is_integral_v<Field>)
            return SettingKind::Integer;
        else if constexpr (std::is_floating_point_v<Field>)
            return SettingKind::Number;
        else if constexpr (std::is_same_v<Field, std::string>)
            return SettingKind::Text;
        else
            return SettingKind::List;
    }

    std::vector<SettingDescriptor> m_settings;
};

void describeTraining(DescriptorList& list);
void describeData(DescriptorList& list);
void describeModel(DescriptorList& list);
void describeLogging(DescriptorList& list);

} // namespace llamahome::config
