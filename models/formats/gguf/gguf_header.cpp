#include "formats/gguf/gguf_header.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <type_traits>

#include "core/error_codes.h"
#include "formats/bounded_reader.h"
#include "formats/checked_math.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

constexpr std::uint32_t kMagic = 0x46554747; // "GGUF"
constexpr std::uint32_t kOldestVersion = 2;
constexpr std::uint32_t kNewestVersion = 3;
constexpr std::uint64_t kMaxHeadBytes = 256U << 20;
constexpr std::uint64_t kMaxTextBytes = 64U << 20;
constexpr std::uint64_t kMaxKeyBytes = 65535;
constexpr std::uint64_t kMaxNameBytes = 63;
constexpr std::uint32_t kMaxDimensions = 4;
constexpr std::uint64_t kMaxDimension = std::uint64_t{1} << 40;
constexpr std::uint64_t kDefaultAlignment = 32;
constexpr std::uint64_t kMaxAlignment = 65536;
/// In all arrays of the metadata: each becomes up to 32 bytes, so together no more than the head may have.
/// The largest vocabularies have a million.
constexpr std::uint64_t kMaxElements = kMaxHeadBytes / 32;
constexpr std::uint64_t kLeastPairBytes = 13;   ///< key length, value type, one byte of value
constexpr std::uint64_t kLeastTensorBytes = 33; ///< name length, one byte, dimensions, type, offset

enum ValueType : std::uint32_t {
    kU8,
    kI8,
    kU16,
    kI16,
    kU32,
    kI32,
    kF32,
    kBool,
    kString,
    kArray,
    kU64,
    kI64,
    kF64
};

class HeaderParser {
public:
    explicit HeaderParser(const InputFile& file)
        : m_file(file)
        , m_reader(file, kMaxHeadBytes, codes::kGgufCut) {}

    Result<GgufHeader> parse() {
        GgufHeader header;
        readStart(header);
        const std::uint64_t tensorCount = readCount("tensors", kLeastTensorBytes);
        const std::uint64_t pairCount = readCount("metadata pairs", kLeastPairBytes);
        for (std::uint64_t i = 0; i < pairCount && !m_reader.failed(); ++i)
            readPair(header.metadata);
        const std::uint64_t alignment = readAlignment(header.metadata);
        for (std::uint64_t i = 0; i < tensorCount && !m_reader.failed(); ++i)
            readTensor(header.tensors, alignment);
        if (!m_reader.failed()) placeTensors(header.tensors, alignment);
        if (m_reader.failed()) return m_reader.error();
        return header;
    }

private:
    void fail(ErrorCode code, const std::string& text) { m_reader.fail(code, text); }

    void readStart(GgufHeader& header) {
        if (m_reader.number<std::uint32_t>() != kMagic)
            fail(codes::kGgufMagic, "found other first bytes, expected GGUF: not a GGUF file");
        header.version = m_reader.number<std::uint32_t>();
        const std::string found = "found GGUF version " + std::to_string(header.version);
        if ((header.version & 0xFFFFU) == 0 && header.version != 0)
            fail(codes::kGgufVersion,
                 found + ", which is a big-endian file; only little-endian ones can be read");
        if (header.version < kOldestVersion || header.version > kNewestVersion)
            fail(codes::kGgufVersion, found + ", expected 2 or 3");
    }

    std::uint64_t readCount(const char* what, std::uint64_t leastBytes) {
        const auto count = m_reader.number<std::int64_t>();
        if (count < 0 || static_cast<std::uint64_t>(count) > m_reader.remaining() / leastBytes)
            fail(codes::kGgufCount, "found " + std::to_string(count) + " " + what + ", more than " +
                                        std::to_string(m_reader.remaining()) + " bytes can hold");
        return m_reader.failed() ? 0 : static_cast<std::uint64_t>(count);
    }

    std::string readText(std::uint64_t limit, ErrorCode code, const std::string& what) {
        const auto length = m_reader.number<std::uint64_t>();
        if (length > limit || length > m_reader.remaining())
            fail(code, what + " is " + std::to_string(length) + " bytes long, at most " +
                           std::to_string(std::min(limit, m_reader.remaining())) + " are possible");
        return m_reader.text(m_reader.failed() ? 0 : length);
    }

    void readPair(GgufMetadata& metadata) {
        const std::string key = readText(kMaxKeyBytes, codes::kGgufKey, "a metadata key");
        if (m_reader.failed()) return;
        if (key.empty() || !isPlainText(key))
            return fail(codes::kGgufKey, "the key " + quotedText(key) + " is not allowed");
        const auto type = m_reader.number<std::uint32_t>();
        GgufValue value = type == kArray ? readArray(key) : readScalar(type, key);
        if (!m_reader.failed() && !metadata.emplace(key, std::move(value)).second)
            fail(codes::kGgufKey, "the key " + quotedText(key) + " appears twice");
    }

    GgufValue readScalar(std::uint32_t type, const std::string& key) {
        switch (type) {
        case kU8:
            return std::uint64_t{m_reader.number<std::uint8_t>()};
        case kU16:
            return std::uint64_t{m_reader.number<std::uint16_t>()};
        case kU32:
            return std::uint64_t{m_reader.number<std::uint32_t>()};
        case kU64:
            return m_reader.number<std::uint64_t>();
        case kI8:
            return std::int64_t{m_reader.number<std::int8_t>()};
        case kI16:
            return std::int64_t{m_reader.number<std::int16_t>()};
        case kI32:
            return std::int64_t{m_reader.number<std::int32_t>()};
        case kI64:
            return m_reader.number<std::int64_t>();
        case kF32:
            return m_reader.number<float>();
        case kF64:
            return m_reader.number<double>();
        case kBool:
            return readBool(key);
        case kString:
            return readText(kMaxTextBytes, codes::kGgufLength, "the text of " + quotedText(key));
        default:
            fail(codes::kGgufValueType,
                 quotedText(key) + " has the unknown value type " + std::to_string(type));
        }
        return false;
    }

    bool readBool(const std::string& key) {
        const auto value = m_reader.number<std::uint8_t>();
        if (value > 1)
            fail(codes::kGgufBool,
                 quotedText(key) + ": found " + std::to_string(value) + ", expected 0 or 1");
        return value == 1;
    }

    static std::uint64_t leastBytes(std::uint32_t type) {
        switch (type) {
        case kU8:
        case kI8:
        case kBool:
            return 1;
        case kU16:
        case kI16:
            return 2;
        case kU32:
        case kI32:
        case kF32:
            return 4;
        case kString:
        case kU64:
        case kI64:
        case kF64:
            return 8;
        default:
            return 0;
        }
    }

    GgufValue readArray(const std::string& key) {
        const auto type = m_reader.number<std::uint32_t>();
        const auto count = m_reader.number<std::uint64_t>();
        const std::uint64_t least = leastBytes(type);
        if (least == 0)
            fail(codes::kGgufValueType, "the array " + quotedText(key) + " has elements of type " +
                                            std::to_string(type) + ", not allowed");
        else if (count > m_reader.remaining() / least)
            fail(codes::kGgufLength, "the array " + quotedText(key) + " has " + std::to_string(count) +
                                         " elements, more than the bytes left can hold");
        else if (count > kMaxElements - m_elements)
            fail(codes::kGgufLength, "with the array " + quotedText(key) + " the metadata has more than " +
                                         std::to_string(kMaxElements) + " elements");
        const std::uint64_t safeCount = m_reader.failed() ? 0 : count;
        m_elements += safeCount;
        if (type == kString)
            return readElements<std::string>(safeCount,
                                             [&] { return std::get<std::string>(readScalar(kString, key)); });
        if (type == kF32 || type == kF64)
            return readElements<double>(safeCount, [&] { return toReal(readScalar(type, key)); });
        return readElements<std::int64_t>(safeCount, [&] { return toWhole(readScalar(type, key), key); });
    }

    template <typename T, typename ReadOne>
    std::vector<T> readElements(std::uint64_t count, ReadOne readOne) {
        std::vector<T> values;
        values.reserve(static_cast<std::size_t>(count));
        for (std::uint64_t i = 0; i < count && !m_reader.failed(); ++i)
            values.push_back(readOne());
        return values;
    }

    static double toReal(const GgufValue& value) {
        const float* const single = std::get_if<float>(&value);
        return single != nullptr ? static_cast<double>(*single) : std::get<double>(value);
    }

    std::int64_t toWhole(const GgufValue& value, const std::string& key) {
        if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
        if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
        const auto number = std::get<std::uint64_t>(value);
        if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            fail(codes::kGgufLength, "the array " + quotedText(key) + " holds a number beyond 63 bits");
        return static_cast<std::int64_t>(number);
    }

    std::uint64_t readAlignment(const GgufMetadata& metadata) {
        const auto found = metadata.find("general.alignment");
        if (found == metadata.end()) return kDefaultAlignment;
        const auto* alignment = std::get_if<std::uint64_t>(&found->second);
        if (alignment != nullptr && *alignment > 0 && *alignment <= kMaxAlignment &&
            (*alignment & (*alignment - 1)) == 0)
            return *alignment;
        fail(codes::kGgufAlignment,
             "general.alignment must be a power of two up to " + std::to_string(kMaxAlignment));
        return kDefaultAlignment;
    }

    void readTensor(std::vector<GgufTensor>& tensors, std::uint64_t alignment) {
        GgufTensor tensor;
        tensor.name = readText(kMaxNameBytes, codes::kGgufTensorName, "a tensor name");
        if (m_reader.failed()) return;
        const std::string shown = "tensor " + quotedText(tensor.name);
        if (tensor.name.empty() || !isPlainText(tensor.name))
            fail(codes::kGgufTensorName, shown + ": not an allowed name");
        if (!m_names.insert(tensor.name).second) fail(codes::kGgufTensorName, shown + " appears twice");
        readShape(tensor, shown);
        const auto type = m_reader.number<std::uint32_t>();
        tensor.offset = m_reader.number<std::uint64_t>();
        if (m_reader.failed()) return;
        tensor.type = findBlockType(type);
        if (tensor.type == nullptr)
            return fail(codes::kGgufBlockType, shown + " is stored as " + blockTypeName(type) +
                                                   ", which is not read yet (" + decodableTypes() + " are)");
        if (tensor.offset % alignment != 0)
            fail(codes::kGgufOffset, shown + ": offset " + std::to_string(tensor.offset) +
                                         " is not a multiple of " + std::to_string(alignment));
        tensors.push_back(std::move(tensor));
    }

    void readShape(GgufTensor& tensor, const std::string& shown) {
        const auto count = m_reader.number<std::uint32_t>();
        if (count < 1 || count > kMaxDimensions)
            fail(codes::kGgufDimensions,
                 shown + ": found " + std::to_string(count) + " dimensions, expected 1 to 4");
        for (std::uint32_t i = 0; i < count && !m_reader.failed(); ++i) {
            const auto size = m_reader.number<std::uint64_t>();
            if (size < 1 || size > kMaxDimension)
                fail(codes::kGgufDimensions, shown + ": a dimension is " + std::to_string(size));
            else
                tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(size));
        }
    }

    /// Bytes of the packed tensor; the floats it becomes must be countable too.
    std::optional<std::uint64_t> packedBytes(const GgufTensor& tensor) {
        const auto row = static_cast<std::uint64_t>(tensor.shape.back());
        if (row % tensor.type->blockElements != 0) {
            fail(codes::kGgufRow, "tensor " + quotedText(tensor.name) + ": rows of " + std::to_string(row) +
                                      " are not whole " + std::string(tensor.type->name) + " blocks");
            return std::nullopt;
        }
        std::optional<std::uint64_t> elements = 1;
        for (const std::int64_t size : tensor.shape)
            if (elements) elements = checkedMultiply(*elements, static_cast<std::uint64_t>(size));
        if (!elements || !checkedMultiply(*elements, sizeof(float))) {
            fail(codes::kGgufDimensions, "tensor " + quotedText(tensor.name) + ": its size overflows");
            return std::nullopt;
        }
        return *elements / tensor.type->blockElements * tensor.type->blockBytes;
    }

    static std::uint64_t padded(std::uint64_t value, std::uint64_t alignment) {
        return (value + alignment - 1) / alignment * alignment;
    }

    /// Offsets are the running padded sum, so nothing overlaps and nothing hides between tensors.
    void placeTensors(std::vector<GgufTensor>& tensors, std::uint64_t alignment) {
        const std::uint64_t start = padded(m_reader.offset(), alignment);
        std::uint64_t expected = 0;
        for (GgufTensor& tensor : tensors) {
            const auto bytes = packedBytes(tensor);
            if (!bytes) return;
            if (tensor.offset != expected)
                return fail(codes::kGgufOffset, "tensor " + quotedText(tensor.name) + " lies at " +
                                                    std::to_string(tensor.offset) + ", expected " +
                                                    std::to_string(expected));
            const std::uint64_t begin = start + expected; // both at most the file's size and a padding
            if (begin > m_file.size() || *bytes > m_file.size() - begin)
                return fail(codes::kGgufBeyondFile, "tensor " + quotedText(tensor.name) + " needs " +
                                                        std::to_string(*bytes) + " bytes at byte " +
                                                        std::to_string(begin) + " of " +
                                                        std::to_string(m_file.size()) + ": file cut short");
            tensor.offset = begin;
            tensor.bytes = *bytes;
            expected = padded(expected + *bytes, alignment);
        }
    }

    const InputFile& m_file;
    BoundedReader m_reader;
    std::uint64_t m_elements = 0; ///< of all arrays so far, at most kMaxElements
    std::set<std::string, std::less<>> m_names;
};

} // namespace

Result<GgufHeader> parseGgufHeader(const InputFile& file) {
    return HeaderParser(file).parse();
}

} // namespace llamahome::formats
