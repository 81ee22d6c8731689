// The metadata of a GGUF file on its way out: pairs of key and typed value, in the order of adding. One
// thread.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/result.h"

namespace llamahome::formats {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they are in memory");

/// Types of metadata values as the file numbers them (llama.md 8.1).
enum class GgufKind : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

/// A key is added once, has 1 to 65535 bytes and, as text values, is UTF-8; the first that is not becomes the
/// problem.
class GgufPairs {
public:
    /// A number or a truth value; its C++ type is the file's.
    template <typename T>
    void add(std::string_view key, T value) {
        static_assert(std::is_arithmetic_v<T>);
        begin(key, kindOf<T>());
        appendNumber(value);
    }
    void addText(std::string_view key, std::string_view text);
    template <typename T>
    void addNumbers(std::string_view key, const std::vector<T>& values) {
        beginArray(key, kindOf<T>(), values.size());
        for (const T value : values)
            appendNumber(value);
    }
    void addTexts(std::string_view key, const std::vector<std::string>& texts);

    std::uint64_t count() const { return m_keys.size(); }
    /// The pairs as they stand in the file.
    const std::string& bytes() const { return m_bytes; }
    /// GG-05 or GG-06, naming the key.
    const std::optional<Error>& problem() const { return m_problem; }

private:
    template <typename T>
    static constexpr GgufKind kindOf() {
        if constexpr (std::is_same_v<T, bool>) return GgufKind::Bool;
        if constexpr (std::is_same_v<T, float>) return GgufKind::F32;
        if constexpr (std::is_same_v<T, double>) return GgufKind::F64;
        constexpr bool isSigned = std::is_signed_v<T>;
        if constexpr (sizeof(T) == 1) return isSigned ? GgufKind::I8 : GgufKind::U8;
        if constexpr (sizeof(T) == 2) return isSigned ? GgufKind::I16 : GgufKind::U16;
        if constexpr (sizeof(T) == 4) return isSigned ? GgufKind::I32 : GgufKind::U32;
        return isSigned ? GgufKind::I64 : GgufKind::U64;
    }
    template <typename T>
    void appendNumber(T value) {
        m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void appendText(std::string_view text);
    void begin(std::string_view key, GgufKind kind);
    void beginArray(std::string_view key, GgufKind kind, std::size_t count);
    void report(ErrorCode code, std::string_view key, const char* what);

    std::string m_bytes;
    std::set<std::string, std::less<>> m_keys;
    std::optional<Error> m_problem;
};

} // namespace llamahome::formats
