#include "formats/safetensors/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "core/error_codes.h"
#include "core/json.h"
#include "core/utf8.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

constexpr std::size_t kMaxTensors = 1'000'000;
constexpr std::size_t kMaxRank = 8;
constexpr std::size_t kMaxNameBytes = 1024;
constexpr std::size_t kMaxDepth = 4;

struct TypeBits {
    std::string_view name;
    unsigned bits;
};

constexpr std::array kTypeBits{
    TypeBits{"BOOL", 8},        TypeBits{"U8", 8},          TypeBits{"I8", 8},      TypeBits{"I16", 16},
    TypeBits{"U16", 16},        TypeBits{"F16", 16},        TypeBits{"BF16", 16},   TypeBits{"I32", 32},
    TypeBits{"U32", 32},        TypeBits{"F32", 32},        TypeBits{"C64", 64},    TypeBits{"I64", 64},
    TypeBits{"U64", 64},        TypeBits{"F64", 64},        TypeBits{"F8_E5M2", 8}, TypeBits{"F8_E4M3", 8},
    TypeBits{"F8_E8M0", 8},     TypeBits{"F4", 4},          TypeBits{"F6_E2M3", 6}, TypeBits{"F6_E3M2", 6},
    TypeBits{"F8_E4M3FNUZ", 8}, TypeBits{"F8_E5M2FNUZ", 8},
};

std::string knownTypes() {
    std::string list;
    for (const TypeBits& type : kTypeBits)
        list += (list.empty() ? "" : ", ") + std::string(type.name);
    return list;
}

/// Receives the parser's events and stops it at the first thing that the format does not allow.
class HeaderEvents {
public:
    HeaderEvents(const std::string& what, SafetensorsHeader& header)
        : m_what(what)
        , m_header(header) {}

    const std::optional<Error>& error() const { return m_error; }

    bool null() { return wrongValue("null"); }
    bool boolean(bool value) { return wrongValue(value ? "true" : "false"); }
    bool number_integer(std::int64_t value) { return wrongValue(std::to_string(value)); }
    bool number_unsigned(std::uint64_t value) {
        if (m_place == Place::Shape) return addDimension(value);
        if (m_place == Place::Offsets) return addOffset(value);
        return wrongValue(std::to_string(value));
    }
    bool number_float(double, const std::string& text) {
        return isTooLarge(text) ? tooLarge() : wrongValue(text);
    }
    bool string(std::string& text) {
        if (m_place == Place::Metadata) {
            m_header.metadata[m_field] = text;
            return true;
        }
        if (m_place == Place::Entry && m_field == "dtype") return setType(text);
        return wrongValue(quotedText(text));
    }
    bool binary(std::vector<std::uint8_t>&) { return wrongValue("binary data"); }

    bool start_object(std::size_t) {
        if (m_place == Place::Top) {
            m_place = Place::Root;
            return true;
        }
        if (m_place != Place::Root) return wrongValue("an object");
        m_place = m_tensor == kSafetensorsMetadataKey ? Place::Metadata : Place::Entry;
        m_fields = 0;
        if (m_place == Place::Entry) m_header.entries.push_back({m_tensor, {}, {}, 0, 0});
        return true;
    }
    bool end_object() {
        if (m_place == Place::Root) {
            m_place = Place::Closed;
            return true;
        }
        if (m_place == Place::Entry && !checkComplete()) return false;
        m_place = Place::Root;
        return true;
    }
    bool key(std::string& name) {
        if (m_place == Place::Root) return enterTensor(name);
        return m_place == Place::Metadata ? enterMetadata(name) : enterField(name);
    }
    bool start_array(std::size_t) {
        if (m_place != Place::Entry || m_field == "dtype") return wrongValue("an array");
        m_place = m_field == "shape" ? Place::Shape : Place::Offsets;
        m_offsets = 0;
        return true;
    }
    bool end_array() {
        if (m_place == Place::Offsets && m_offsets != 2)
            return wrongValue(std::to_string(m_offsets) + " numbers");
        m_place = Place::Entry;
        return true;
    }
    bool parse_error(std::size_t position, const std::string& token, const Json::exception& failure) {
        if (isTooLarge(token)) return tooLarge();
        if (m_place == Place::Closed)
            return fail(codes::kStHeaderTail, "unexpected bytes after the header object at byte " +
                                                  std::to_string(position) + ", expected only spaces");
        return fail(codes::kStHeaderJson, "the header is not JSON at byte " + std::to_string(position),
                    failure.what());
    }

private:
    enum class Place { Top, Root, Metadata, Entry, Shape, Offsets, Closed };
    static constexpr unsigned kTypeSeen = 1;
    static constexpr unsigned kShapeSeen = 2;
    static constexpr unsigned kOffsetsSeen = 4;

    bool fail(ErrorCode code, const std::string& text, std::string detail = {}) {
        m_error = Error{code, m_what + ": " + text + "; the file is damaged or not safetensors, get it again",
                        std::move(detail)};
        return false;
    }
    std::string tensorText() const { return "tensor " + quotedText(m_tensor); }

    bool wrongValue(const std::string& found) {
        const std::string end = ", found " + found;
        switch (m_place) {
        case Place::Top:
        case Place::Closed:
            return fail(codes::kStHeaderNotObject, "the header must be an object" + end);
        case Place::Root:
            if (m_tensor == kSafetensorsMetadataKey)
                return fail(codes::kStMetadata, "the metadata must be an object of texts" + end);
            return fail(codes::kStFieldMissing, tensorText() + " has no dtype, shape and data_offsets" + end);
        case Place::Metadata:
            return fail(codes::kStMetadata, "metadata " + quotedText(m_field) + " must be text" + end);
        case Place::Offsets:
            return fail(codes::kStOffsets, tensorText() + ": data_offsets needs two numbers" + end);
        case Place::Shape:
            return fail(codes::kStDimension, tensorText() + ": dimension " +
                                                 std::to_string(m_header.entries.back().shape.size() + 1) +
                                                 " must be a whole number of 0 or more" + end);
        case Place::Entry:
            break;
        }
        if (m_field == "dtype")
            return fail(codes::kStTypeUnknown, tensorText() + ": dtype must be text" + end);
        if (m_field == "shape")
            return fail(codes::kStDimension, tensorText() + ": shape must be a list" + end);
        return fail(codes::kStOffsets, tensorText() + ": data_offsets needs two numbers" + end);
    }

    /// A whole number beyond 64 bits, which the parser hands over as a float or cannot represent at all.
    bool isTooLarge(const std::string& text) const {
        return (m_place == Place::Shape || m_place == Place::Offsets) && text.size() > 19 &&
               text.find_first_not_of("0123456789") == std::string::npos;
    }
    bool tooLarge() {
        if (m_place == Place::Shape)
            return fail(codes::kStDimensionLarge, tensorText() + ": a dimension is too large");
        return fail(codes::kStOffsets, tensorText() + ": a number in data_offsets is too large");
    }

    bool enterTensor(std::string& name) {
        m_tensor = name;
        if (name == kSafetensorsMetadataKey) {
            if (m_metadataSeen) return fail(codes::kStTensorTwice, "the metadata appears twice");
            m_metadataSeen = true;
            return true;
        }
        if (m_header.entries.size() == kMaxTensors)
            return fail(codes::kStTooManyTensors, "more than " + std::to_string(kMaxTensors) + " tensors");
        if (auto checked = checkTensorName(name, m_what); !checked) {
            m_error = checked.error();
            return false;
        }
        return true;
    }
    bool enterMetadata(const std::string& name) {
        m_field = name;
        if (!m_header.metadata.emplace(name, "").second)
            return fail(codes::kStMetadata, "metadata " + quotedText(name) + " appears twice");
        return true;
    }
    bool enterField(const std::string& name) {
        const unsigned bit = name == "dtype"          ? kTypeSeen
                             : name == "shape"        ? kShapeSeen
                             : name == "data_offsets" ? kOffsetsSeen
                                                      : 0;
        if (bit == 0)
            return fail(codes::kStFieldUnknown, tensorText() + " has the unknown field " + quotedText(name));
        if ((m_fields & bit) != 0)
            return fail(codes::kStFieldTwice,
                        "the field " + name + " appears twice in " + quotedText(m_tensor));
        m_fields |= bit;
        m_field = name;
        return true;
    }
    bool checkComplete() {
        if ((m_fields & kTypeSeen) == 0) return fail(codes::kStFieldMissing, tensorText() + " has no dtype");
        if ((m_fields & kShapeSeen) == 0) return fail(codes::kStFieldMissing, tensorText() + " has no shape");
        if ((m_fields & kOffsetsSeen) == 0)
            return fail(codes::kStFieldMissing, tensorText() + " has no data_offsets");
        return true;
    }
    bool setType(const std::string& text) {
        if (safetensorsBits(text) == 0)
            return fail(codes::kStTypeUnknown, tensorText() + ": type " + quotedText(text) +
                                                   " is unknown, expected one of " + knownTypes());
        m_header.entries.back().dtype = text;
        return true;
    }
    bool addDimension(std::uint64_t value) {
        auto& shape = m_header.entries.back().shape;
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return tooLarge();
        if (shape.size() == kMaxRank)
            return fail(codes::kStRank, tensorText() + ": rank above " + std::to_string(kMaxRank));
        shape.push_back(static_cast<std::int64_t>(value));
        return true;
    }
    bool addOffset(std::uint64_t value) {
        SafetensorsEntry& entry = m_header.entries.back();
        if (++m_offsets > 2) return wrongValue("more");
        (m_offsets == 1 ? entry.begin : entry.end) = value;
        return true;
    }

    const std::string& m_what;
    SafetensorsHeader& m_header;
    std::optional<Error> m_error;
    Place m_place = Place::Top;
    std::string m_tensor;
    std::string m_field;
    unsigned m_fields = 0;
    int m_offsets = 0;
    bool m_metadataSeen = false;
};

Error headerError(ErrorCode code, const std::string& what, const std::string& text) {
    return Error{code, what + ": " + text + "; the file is damaged or not safetensors, get it again"};
}

/// Deepest nesting of brackets outside strings, counted no further than one past the limit.
std::size_t nestingDepth(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool inString = false;
    for (std::size_t i = 0; i < text.size() && deepest <= kMaxDepth; ++i) {
        const char c = text[i];
        if (inString && c == '\\')
            ++i;
        else if (c == '"')
            inString = !inString;
        else if (!inString && (c == '{' || c == '['))
            deepest = std::max(deepest, ++depth);
        else if (!inString && (c == '}' || c == ']') && depth > 0)
            --depth;
    }
    return deepest;
}

Result<void> checkText(std::string_view text, const std::string& what) {
    if (const std::size_t bad = findInvalidUtf8(text); bad != std::string_view::npos)
        return headerError(codes::kStHeaderUtf8, what,
                           "the header is not UTF-8 at byte " + std::to_string(bad));
    if (text.empty() || text.front() != '{') {
        constexpr std::string_view kOtherValues = "[\"ntf-0123456789";
        const bool other = !text.empty() && kOtherValues.find(text.front()) != std::string_view::npos;
        if (other && nestingDepth(text) <= kMaxDepth && Json::accept(text))
            return headerError(codes::kStHeaderNotObject, what,
                               "the header must be an object, found another value");
        return headerError(codes::kStHeaderStart, what,
                           "the header must begin with {, found " + quotedText(text.substr(0, 1)));
    }
    if (nestingDepth(text) > kMaxDepth)
        return headerError(codes::kStHeaderDepth, what,
                           "the header nests deeper than " + std::to_string(kMaxDepth) + " levels");
    return {};
}

Result<void> checkUnique(const std::vector<SafetensorsEntry>& entries, const std::string& what) {
    std::vector<std::string_view> names;
    names.reserve(entries.size());
    for (const SafetensorsEntry& entry : entries)
        names.push_back(entry.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return {};
    return headerError(codes::kStTensorTwice, what, "tensor " + quotedText(*twice) + " appears twice");
}

} // namespace

unsigned safetensorsBits(std::string_view dtype) {
    for (const TypeBits& type : kTypeBits)
        if (type.name == dtype) return type.bits;
    return 0;
}

Result<void> checkTensorName(std::string_view name, const std::string& what) {
    const bool escapes = name.starts_with('/') || name.find("../") != std::string_view::npos ||
                         name.find("..\\") != std::string_view::npos;
    if (!name.empty() && name.size() <= kMaxNameBytes && isPlainText(name) && !escapes) return {};
    return headerError(codes::kStName, what,
                       "the tensor name " + quotedText(name) + " is not allowed (1 to " +
                           std::to_string(kMaxNameBytes) + " bytes without control characters or ../)");
}

Result<SafetensorsHeader> parseSafetensorsHeader(std::string_view text, const std::string& what) {
    if (auto checked = checkText(text, what); !checked) return checked.error();
    SafetensorsHeader header;
    HeaderEvents events(what, header);
    (void)Json::sax_parse(text.begin(), text.end(), &events);
    if (events.error()) return *events.error();
    // The parser takes NUL for the end and other white space for padding; the format allows neither.
    const std::size_t last = text.find_last_not_of(' ');
    const std::size_t nul = text.find('\0');
    if (text[last] != '}' || nul != std::string_view::npos)
        return headerError(codes::kStHeaderTail, what,
                           "unexpected bytes after the header object at byte " +
                               std::to_string(std::min(last, nul)) + ", expected only spaces");
    if (auto unique = checkUnique(header.entries, what); !unique) return unique.error();
    return header;
}

} // namespace llamahome::formats
