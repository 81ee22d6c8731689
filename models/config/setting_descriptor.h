// The one description of each setting: loader, checker, `config show`, form, tool tips and manual come from
// it. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.h"

namespace llamahome::config {

/// In the order of SettingKind: bool, Integer, Number, Text and Choice, List.
using SettingValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

enum class SettingKind { Bool, Integer, Number, Text, Choice, List };

/// What a text, or each item of a list, must look like.
enum class TextForm {
    Free,     ///< any text
    Path,     ///< a folder; made absolute on loading, `~/` is the home folder
    Url,      ///< https, or http to this machine
    Device,   ///< auto, cpu, cuda, cuda:N
    Pair,     ///< name=column
    Template, ///< a name, or a .yaml file, which is made absolute on loading as a folder is
};

/// Both ends belong to the range.
struct IntegerRange {
    std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
    std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
};

/// Ends belong to the range unless said to be open.
struct NumberRange {
    double minimum = 0.0;
    double maximum = 0.0;
    bool isMinimumOpen = false;
    bool isMaximumOpen = false;
};

/// A choice that the name is kept for, and that this version refuses.
struct LaterChoice {
    std::string choice;
    std::string instead; ///< what to use today
};

struct SettingDescriptor {
    std::string key; ///< "training.lora.r", as in files and `--set`
    SettingKind kind = SettingKind::Text;
    std::string label; ///< for a form: "LoRA rank"
    std::string unit;  ///< "tokens"; empty: none
    IntegerRange integers;
    NumberRange numbers;
    std::vector<std::string> choices;     ///< of a Choice, or of each item of a List; empty: any
    std::vector<std::string> suggestions; ///< texts that a form offers; others are taken too
    std::vector<LaterChoice> later;
    TextForm form = TextForm::Free;
    bool mayBeEmpty = true; ///< of Text and List
    bool isForLater =
        false; ///< accepted, and without effect in this version: a value of one's own is told so
    std::optional<std::int64_t> autoValue = {}; ///< the number that the word `auto` stands for
    std::string help;                           ///< one line: what it is
    std::string effect;                         ///< one line: what changing it does
    std::vector<std::string> otherNames;        ///< names in other programs, for "nearest" only

    std::function<SettingValue(const Settings&)> get;
    /// The value must have passed parseSetting.
    std::function<void(Settings&, const SettingValue&)> set;

    /// "a whole number from 1 to 1024", "one of auto, bf16, fp32".
    std::string expected() const;
};

/// Every setting, in the order of the shipped files. Built once, never changed.
const std::vector<SettingDescriptor>& allSettings();

/// The description of a key, or null.
const SettingDescriptor* findSetting(std::string_view key);

/// True for "training.lora": a part of at least one key that is not itself a key.
bool isSection(std::string_view path);

/// The known key nearest to an unknown one, other programs' names included; empty when none is near.
std::string nearestSettingKey(std::string_view key);

/// The value as people and YAML read it: "auto", "5.0e-05", "q_proj, v_proj". Independent of the locale.
std::string settingText(const SettingDescriptor& setting, const Settings& settings);

/// The shortest text that reads back as the same number and that every YAML reader takes for one: "5.0e-05",
/// "0.1".
std::string numberText(double value);

} // namespace llamahome::config
