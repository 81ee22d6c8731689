// The commands of the program as plain data: names, arguments, help, action. Main thread.
//
// Parser, help texts and shell completion are all made from this one description.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace llamahome::app {

class CommandContext;

/// Values of an argument that may take as many as follow.
inline constexpr int kManyValues = 1'000'000;

/// What the value of an argument names, so that completion can offer it.
enum class ValueKind { Text, File, Folder };

/// One option ("--data", with a metavar; without one it is a flag) or one positional argument ("MODEL").
struct ArgumentSpec {
    std::string name;
    std::string metavar;
    std::string help;
    ValueKind kind = ValueKind::Text;
    std::vector<std::string> choices = {}; ///< offered by completion and shown in help; not enforced here
    int minimum = 1;                       ///< values taken after the name
    int maximum = 1;
    bool required = false;
    bool repeatable = false; ///< given several times, all count; else the last one does
    /// Called once after parsing, with the values given (none for a flag); not called where it was not given.
    std::function<void(const std::vector<std::string>&)> take = {};

    bool isFlag() const { return !isPositional() && metavar.empty(); }
    bool isPositional() const { return !name.starts_with('-'); }
};

/// One command, its arguments and its sub-commands.
struct CommandSpec {
    std::string name;
    std::string summary;          ///< one line, for lists of commands
    std::string example;          ///< shell lines that work as they stand
    std::string description = {}; ///< more lines for the command's own help
    bool hidden = false;          ///< not in help and completion
    std::vector<ArgumentSpec> arguments = {};
    std::vector<CommandSpec> commands = {};
    std::function<Result<void>(CommandContext&)> run = {}; ///< empty for the program itself only

    /// Argument helpers; a target must outlive parsing, so `run` holds what it belongs to.
    /// `repeated` takes one value each time it is given, `values` as many as follow.
    CommandSpec& flag(std::string option, std::string help, bool& target);
    CommandSpec& value(std::string option, std::string metavar, std::string help,
                       std::optional<std::string>& target, ValueKind kind = ValueKind::Text);
    CommandSpec& repeated(std::string option, std::string metavar, std::string help,
                          std::vector<std::string>& target, ValueKind kind = ValueKind::Text);
    CommandSpec& values(std::string option, std::string metavar, std::string help,
                        std::vector<std::string>& target, ValueKind kind = ValueKind::Text);
    CommandSpec& positional(std::string name, std::string help, std::optional<std::string>& target,
                            ValueKind kind = ValueKind::Text);
    CommandSpec& words(std::string name, std::string metavar, int maximum, std::string help,
                       std::vector<std::string>& target);
    CommandSpec& required();                               ///< makes the argument added last required
    CommandSpec& choices(std::vector<std::string> values); ///< of the argument added last

    /// The sub-command of that name, or null.
    const CommandSpec* find(std::string_view command) const;
};

} // namespace llamahome::app
