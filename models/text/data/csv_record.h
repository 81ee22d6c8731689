// CsvRecord: one record of a table, fed with lines until it is whole. One thread.
//
// RFC 4180 with the delimiter of the file. A quote inside a field that does not begin with one is a plain
// character.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llamahome::text {

class CsvRecord {
public:
    /// Fields above `maxFields` are counted, not kept.
    CsvRecord(char delimiter, std::size_t maxFields)
        : m_delimiter(delimiter)
        , m_maxFields(maxFields) {}

    /// Takes one line; true if the record is whole, false if a quoted field goes on in the next line.
    bool feed(std::string_view line);

    /// The first maxFields.
    const std::vector<std::string>& fields() const { return m_fields; }
    std::size_t fieldCount() const { return m_fieldCount; }
    /// Bytes of all fields so far.
    std::size_t bytes() const { return m_bytes; }
    /// Column of the first character between a closing quote and the delimiter, counted from 1; 0: none.
    std::size_t strayColumn() const { return m_stray; }

    /// The most frequent of comma, semicolon and tab outside quotes; a comma where there is none.
    static char delimiterOf(std::string_view headerLine);

private:
    void append(char c) {
        m_field += c;
        ++m_bytes;
    }
    void endField();

    char m_delimiter;
    std::size_t m_maxFields;
    std::size_t m_fieldCount = 0;
    std::vector<std::string> m_fields;
    std::string m_field;
    std::size_t m_bytes = 0;
    std::size_t m_stray = 0;
    bool m_isQuoted = false;  ///< within quotes
    bool m_wasQuoted = false; ///< after the closing quote
};

} // namespace llamahome::text
