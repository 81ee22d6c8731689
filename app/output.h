// What the program says: results on standard output, messages and progress on standard error. Main thread.
//
// Under --json standard output carries one document (or JSON Lines) and nothing else.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/result.h"

namespace llamahome::app {

/// Rows of text with a heading; columns are aligned by the width they take on a terminal.
struct Table {
    std::vector<std::string> heading;
    std::vector<std::vector<std::string>> rows;
    std::vector<std::size_t> numberColumns = {}; ///< aligned to the right

    std::string text() const;
};

class Output {
public:
    /// So long a reader may leave a pipe full before what is no result is left out for it.
    static constexpr int kPatienceMs = 5000;

    /// `out` and `err` stay open and outlive the object.
    Output(std::FILE* out, std::FILE* err, int patienceMs = kPatienceMs)
        : m_out(out)
        , m_err(err)
        , m_patienceMs(patienceMs) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;

    void setJson(bool json) { m_isJson = json; }
    void setQuiet(bool quiet) { m_isQuiet = quiet; }
    /// The words that name the data root, where a command would come to another one; see jobs::rootWords().
    void setRootWords(const std::vector<std::string>& words);
    /// A command to be typed next, with those words: "llamahome resume NAME" becomes "llamahome --root DIR
    /// resume NAME". What is no command of the program stays.
    std::string typed(std::string_view command) const;
    /// The same for each command that stands in a text as `llamahome …`.
    std::string advised(std::string_view text) const;
    bool isJson() const { return m_isJson; }
    bool isQuiet() const { return m_isQuiet; }
    /// Whether progress is one live line: standard error is a terminal that can move its cursor.
    bool hasLiveLine() const;
    /// Whether standard output is a terminal; text from models then loses its control characters.
    bool isTerminal() const;
    /// Columns of the terminal on standard error; 80 where unknown.
    int columns() const;

    /// A line (or several) of a result; nothing under --json.
    void line(std::string_view text);
    void table(const Table& table);
    /// A piece of streamed text, shown at once; nothing under --json.
    void piece(std::string_view text);
    /// The one document of a command; nothing without --json.
    void document(const Json& json);
    /// One line of JSON Lines, shown at once; nothing without --json.
    void jsonLine(const Json& json);

    /// The same of something that happens in a long job, which must not wait for its reader for ever: while
    /// that does not read, it is left out and counted.
    void event(const Json& json);
    std::uint64_t eventsLeftOut() const { return m_leftOut; }

    /// "text" on standard error, advised(), as are warnings and errors; nothing with --quiet, or while nobody
    /// reads there.
    void message(std::string_view text);
    /// `text` without a line end on standard error, quiet or not.
    void question(std::string_view text);
    /// "llamahome: warning: text" on standard error, quiet or not.
    void warning(std::string_view text);
    /// "llamahome: …" on standard error, below it those lines of the detail that the message does not hold
    /// already, and, under --json, an error object where no document was written.
    void error(const Error& error);

    /// Replaces the live line; messages appear above it.
    void liveLine(std::string_view text);
    /// Takes the live line away.
    void endLiveLine();

    /// Flushes; FILE-05 if anything that was to go to standard output did not arrive. A reader that went away
    /// (`| head`) has what it wanted and is no error.
    Result<void> finish();

private:
    void writeOut(std::string_view text);
    void writeErr(std::string_view text);
    void flushOut();
    /// Whether that stream takes a line, after some patience; none is left with a reader that has stopped.
    bool takes(std::FILE* stream, bool& isStuck) const;

    std::FILE* m_out;
    std::FILE* m_err;
    int m_patienceMs;
    bool m_isOutStuck = false;
    bool m_isErrStuck = false;
    std::uint64_t m_leftOut = 0;
    bool m_isJson = false;
    bool m_isQuiet = false;
    bool m_hasDocument = false;
    int m_outFailure = 0; ///< errno of the first write that failed
    std::string m_liveLine;
    std::string m_rootWords; ///< quoted, with a blank before each
};

/// {"code","message","detail"}.
Json errorJson(const Error& error);

} // namespace llamahome::app
