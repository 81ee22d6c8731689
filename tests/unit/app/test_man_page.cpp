#include <sstream>

#include <QTest>

#include "app/command_line.h"
#include "app/man_page.h"
#include "app/program.h"
#include "config/environment.h"

using namespace llamahome;
using namespace llamahome::app;

namespace {

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// As roff writes a word: with the hyphen that people type.
std::string typed(const std::string& word) {
    std::string out;
    for (const char c : word)
        out += c == '-' ? "\\-" : std::string(1, c);
    return out;
}

/// The section of the command, up to the next one.
std::string sectionOf(const std::string& page, const std::string& command) {
    const std::size_t begin = page.find(".SS " + typed(command) + "\n");
    if (begin == std::string::npos) return {};
    return page.substr(begin, page.find("\n.S", begin + 1) - begin);
}

void checkCommands(const std::string& page, const CommandSpec& spec, const std::string& parents) {
    const std::string name = parents.empty() ? spec.name : parents + " " + spec.name;
    if (!parents.empty()) {
        const std::string section = sectionOf(page, name);
        if (spec.hidden) {
            QVERIFY2(section.empty(), name.c_str());
            return;
        }
        QVERIFY2(!section.empty(), name.c_str());
        for (const ArgumentSpec& argument : spec.arguments)
            QVERIFY2(holds(section, "\n\\fB" + typed(argument.name)), (name + " " + argument.name).c_str());
    }
    for (const CommandSpec& child : spec.commands)
        checkCommands(page, child, name);
}

} // namespace

class TestManPage : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyVisibleCommandHasItsSectionWithEveryArgument() {
        GlobalOptions options;
        const CommandSpec program = programSpec(options);
        const std::string page = manPage(program, "1.2.3");
        QVERIFY(page.find(".TH LLAMAHOME 1 \"\" \"LlamaHome 1.2.3\"") != std::string::npos);
        checkCommands(page, program, "");
        for (const ArgumentSpec& argument : program.arguments)
            QVERIFY2(holds(page, "\n\\fB" + typed(argument.name)), argument.name.c_str());
    }

    void everyEnvironmentVariableIsNamed() {
        GlobalOptions options;
        const std::string page = manPage(programSpec(options), "1");
        for (const config::EnvironmentVariable& variable : config::environmentVariables())
            QVERIFY2(holds(page, "\n\\fB" + variable.name + "\\fR\n"), variable.name.c_str());
    }

    void textIsNeverTakenForARequest() {
        const auto run = [](CommandContext&) -> Result<void> { return {}; };
        CommandSpec program{"llamahome", "A program", "llamahome odd"};
        CommandSpec odd{"odd", ".config is read", ".de evil\n'so /etc/passwd\nC:\\path \"quoted\" ~user"};
        odd.description = "'tis größer…\nnext";
        odd.run = run;
        program.commands = {odd};
        const std::string page = manPage(program, "1");
        std::istringstream lines(page);
        for (std::string line; std::getline(lines, line);) {
            QVERIFY2(!line.starts_with("'"), line.c_str());
            QVERIFY2(!line.starts_with(".de") && !line.starts_with(".config"), line.c_str());
            for (const char c : line)
                QVERIFY2(static_cast<unsigned char>(c) < 0x80, line.c_str());
        }
        QVERIFY(holds(page, "\\&.config is read."));
        QVERIFY(holds(page, "\\(aqtis gr\\[u00F6]\\[u00DF]er... next"));
        QVERIFY(holds(page, "C:\\epath \\(dqquoted\\(dq \\(tiuser"));
    }
};

QTEST_APPLESS_MAIN(TestManPage)
#include "test_man_page.moc"
