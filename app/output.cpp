#include "app/output.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/text_width.h"
#include "core/error_codes.h"
#include "core/log.h"
#include "core/shell_quote.h"

namespace llamahome::app {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";
constexpr std::string_view kProgram = "llamahome";
constexpr int kDefaultColumns = 80;

/// The lines of the detail that say more than the message, indented.
std::string addedDetail(const Error& error) {
    const std::string message = redactSecrets(error.message);
    const std::string detail = withoutControls(redactSecrets(error.detail));
    std::string added;
    std::string_view rest = detail;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        if (line.find_first_not_of(' ') != std::string_view::npos && message.find(line) == std::string::npos)
            added += "  " + std::string(line) + "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return added;
}

} // namespace

std::string Table::text() const {
    std::vector<std::size_t> widths(heading.size(), 0);
    for (std::size_t i = 0; i < heading.size(); ++i) {
        widths[i] = displayWidth(heading[i]);
        for (const auto& row : rows)
            if (i < row.size()) widths[i] = std::max(widths[i], displayWidth(row[i]));
    }
    std::string out;
    const auto addRow = [&](const std::vector<std::string>& row) {
        std::string line;
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
            const bool isNumber =
                std::find(numberColumns.begin(), numberColumns.end(), i) != numberColumns.end();
            line += (i > 0 ? "  " : "") + padded(oneLine(row[i]), widths[i], isNumber);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    };
    addRow(heading);
    for (const auto& row : rows)
        addRow(row);
    return out;
}

Json errorJson(const Error& error) {
    return Json{{"code", std::string(error.code.text)},
                {"message", redactSecrets(error.message)},
                {"detail", redactSecrets(error.detail)}};
}

void Output::setRootWords(const std::vector<std::string>& words) {
    m_rootWords = words.empty() ? std::string() : " " + shellLine(words);
}

std::string Output::typed(std::string_view command) const {
    const bool isOurs = command.starts_with(kProgram) && command.substr(kProgram.size()).starts_with(' ');
    std::string text(command);
    return isOurs ? text.insert(kProgram.size(), m_rootWords) : text;
}

std::string Output::advised(std::string_view text) const {
    std::string advice;
    for (std::size_t at = text.find('`'); at != std::string_view::npos; at = text.find('`')) {
        advice += text.substr(0, at + 1);
        text.remove_prefix(at + 1);
        const std::size_t end = std::min(text.find('`'), text.size());
        advice += typed(text.substr(0, end));
        advice += text.substr(end, 1);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return advice += text;
}

bool Output::hasLiveLine() const {
    const char* terminal = std::getenv("TERM");
    return ::isatty(::fileno(m_err)) != 0 && !(terminal != nullptr && std::strcmp(terminal, "dumb") == 0);
}

bool Output::isTerminal() const {
    return ::isatty(::fileno(m_out)) != 0;
}

int Output::columns() const {
    winsize size{};
    if (::ioctl(::fileno(m_err), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultColumns;
    return size.ws_col;
}

void Output::writeOut(std::string_view text) {
    if (!m_liveLine.empty() && isTerminal()) endLiveLine();
    if (std::fwrite(text.data(), 1, text.size(), m_out) != text.size() && m_outFailure == 0)
        m_outFailure = errno;
}

void Output::flushOut() {
    if (std::fflush(m_out) != 0 && m_outFailure == 0) m_outFailure = errno;
}

void Output::writeErr(std::string_view text) {
    const std::string live = m_liveLine;
    if (!live.empty()) endLiveLine();
    std::fwrite(text.data(), 1, text.size(), m_err);
    std::fflush(m_err);
    if (!live.empty()) liveLine(live);
}

void Output::line(std::string_view text) {
    if (m_isJson) return;
    writeOut(isTerminal() ? withoutControls(text) : std::string(text));
    writeOut("\n");
}

void Output::table(const Table& table) {
    if (!m_isJson) writeOut(table.text());
}

void Output::piece(std::string_view text) {
    if (m_isJson) return;
    writeOut(isTerminal() ? withoutControls(text) : std::string(text));
    flushOut();
}

void Output::document(const Json& json) {
    if (!m_isJson) return;
    m_hasDocument = true;
    writeOut(writeJson(json));
}

void Output::jsonLine(const Json& json) {
    if (!m_isJson) return;
    writeOut(writeJsonLine(json) + "\n");
    flushOut();
}

bool Output::takes(std::FILE* stream, bool& isStuck) const {
    pollfd place{::fileno(stream), POLLOUT, 0};
    const int ready = ::poll(&place, 1, isStuck ? 0 : m_patienceMs);
    isStuck = ready == 0;
    return ready > 0; // where it fails for good, the write says so
}

void Output::event(const Json& json) {
    if (!m_isJson) return;
    if (takes(m_out, m_isOutStuck))
        jsonLine(json);
    else
        ++m_leftOut;
}

void Output::message(std::string_view text) {
    if (!m_isQuiet && takes(m_err, m_isErrStuck)) writeErr(withoutControls(advised(text)) + "\n");
}

void Output::question(std::string_view text) {
    writeErr(oneLine(text));
}

void Output::warning(std::string_view text) {
    writeErr("llamahome: warning: " + oneLine(advised(text)) + "\n");
}

void Output::error(const Error& found) {
    const Error error{found.code, advised(found.message), advised(found.detail)};
    endLiveLine();
    writeErr("llamahome: " + oneLine(redactSecrets(error.message)) + "\n");
    if (!m_isQuiet) writeErr(addedDetail(error));
    if (m_isJson && !m_hasDocument) writeOut(writeJsonLine(Json{{"error", errorJson(error)}}) + "\n");
}

void Output::liveLine(std::string_view text) {
    if (m_isQuiet || !takes(m_err, m_isErrStuck)) return;
    m_liveLine = std::string(text);
    const std::string line =
        std::string(kEraseLine) + shortened(oneLine(text), static_cast<std::size_t>(columns() - 1));
    std::fwrite(line.data(), 1, line.size(), m_err);
    std::fflush(m_err);
}

void Output::endLiveLine() {
    if (m_liveLine.empty()) return;
    m_liveLine.clear();
    std::fwrite(kEraseLine.data(), 1, kEraseLine.size(), m_err);
    std::fflush(m_err);
}

Result<void> Output::finish() {
    endLiveLine();
    flushOut();
    if (m_outFailure == 0 && std::ferror(m_out) != 0) m_outFailure = EIO;
    if (m_outFailure == 0 || m_outFailure == EPIPE) return {};
    return Error{codes::kFileWrite, std::string("cannot write all results to standard output: ") +
                                        std::strerror(m_outFailure) +
                                        "; check the pipe or the disk it goes to"};
}

} // namespace llamahome::app
