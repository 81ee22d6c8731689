#include "text/data/csv_record.h"

#include <algorithm>
#include <utility>

namespace llamahome::text {

bool CsvRecord::feed(std::string_view line) {
    if (m_isQuoted) append('\n');
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (m_isQuoted) {
            if (c != '"') {
                append(c);
            } else if (i + 1 < line.size() && line[i + 1] == '"') {
                append('"');
                ++i;
            } else {
                m_isQuoted = false;
                m_wasQuoted = true;
            }
        } else if (c == m_delimiter) {
            endField();
        } else if (c == '"' && m_field.empty() && !m_wasQuoted) {
            m_isQuoted = true;
        } else if (m_wasQuoted) {
            if (m_stray == 0) m_stray = i + 1;
        } else {
            append(c);
        }
    }
    if (!m_isQuoted) endField();
    return !m_isQuoted;
}

void CsvRecord::endField() {
    if (m_fieldCount++ < m_maxFields) m_fields.push_back(std::exchange(m_field, {}));
    m_field.clear();
    m_wasQuoted = false;
}

char CsvRecord::delimiterOf(std::string_view headerLine) {
    char best = ',';
    std::ptrdiff_t most = 0;
    for (const char candidate : {',', ';', '\t'}) {
        std::ptrdiff_t count = 0;
        bool quoted = false;
        for (const char c : headerLine) {
            if (c == '"') quoted = !quoted;
            if (c == candidate && !quoted) ++count;
        }
        if (count > most) {
            most = count;
            best = candidate;
        }
    }
    return best;
}

} // namespace llamahome::text
