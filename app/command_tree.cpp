#include "app/command_tree.h"

#include <cassert>
#include <utility>

namespace llamahome::app {

CommandSpec& CommandSpec::flag(std::string option, std::string help, bool& target) {
    ArgumentSpec argument{std::move(option), {}, std::move(help)};
    argument.minimum = 0;
    argument.maximum = 0;
    argument.take = [&target](const std::vector<std::string>&) { target = true; };
    arguments.push_back(std::move(argument));
    return *this;
}

CommandSpec& CommandSpec::value(std::string option, std::string metavar, std::string help,
                                std::optional<std::string>& target, ValueKind kind) {
    ArgumentSpec argument{std::move(option), std::move(metavar), std::move(help), kind};
    argument.take = [&target](const std::vector<std::string>& given) { target = given.back(); };
    arguments.push_back(std::move(argument));
    return *this;
}

CommandSpec& CommandSpec::repeated(std::string option, std::string metavar, std::string help,
                                   std::vector<std::string>& target, ValueKind kind) {
    ArgumentSpec argument{std::move(option), std::move(metavar), std::move(help), kind};
    argument.repeatable = true;
    argument.take = [&target](const std::vector<std::string>& given) { target = given; };
    arguments.push_back(std::move(argument));
    return *this;
}

CommandSpec& CommandSpec::words(std::string argumentName, std::string metavar, int maximum, std::string help,
                                std::vector<std::string>& target) {
    ArgumentSpec argument{std::move(argumentName), std::move(metavar), std::move(help)};
    argument.maximum = maximum;
    argument.take = [&target](const std::vector<std::string>& given) { target = given; };
    arguments.push_back(std::move(argument));
    return *this;
}

CommandSpec& CommandSpec::values(std::string option, std::string metavar, std::string help,
                                 std::vector<std::string>& target, ValueKind kind) {
    ArgumentSpec argument{std::move(option), std::move(metavar), std::move(help), kind};
    argument.maximum = kManyValues;
    argument.take = [&target](const std::vector<std::string>& given) { target = given; };
    arguments.push_back(std::move(argument));
    return *this;
}

CommandSpec& CommandSpec::positional(std::string argumentName, std::string help,
                                     std::optional<std::string>& target, ValueKind kind) {
    ArgumentSpec argument{argumentName, argumentName, std::move(help), kind};
    argument.take = [&target](const std::vector<std::string>& given) { target = given.back(); };
    arguments.push_back(std::move(argument));
    return *this;
}

CommandSpec& CommandSpec::required() {
    assert(!arguments.empty());
    arguments.back().required = true;
    return *this;
}

CommandSpec& CommandSpec::choices(std::vector<std::string> values) {
    assert(!arguments.empty());
    arguments.back().choices = std::move(values);
    return *this;
}

const CommandSpec* CommandSpec::find(std::string_view command) const {
    for (const CommandSpec& candidate : commands)
        if (candidate.name == command) return &candidate;
    return nullptr;
}

} // namespace llamahome::app
