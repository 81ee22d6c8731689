#include "formats/zip/zip_fields.h"

#include <optional>

namespace llamahome::formats {
namespace {

constexpr std::uint16_t kZip64Field = 0x0001;
constexpr std::size_t kFieldHeadBytes = 4;

} // namespace

std::string expandZip64(std::span<const std::byte> extra, std::initializer_list<std::uint64_t*> fields) {
    std::optional<std::span<const std::byte>> wide;
    while (extra.size() >= kFieldHeadBytes) { // a shorter rest is padding of some writers
        const auto kind = zipNumber<std::uint16_t>(extra, 0);
        const auto length = zipNumber<std::uint16_t>(extra, 2);
        extra = extra.subspan(kFieldHeadBytes);
        if (length > extra.size())
            return "an extra field of " + std::to_string(length) + " bytes in " +
                   std::to_string(extra.size());
        if (kind == kZip64Field && wide) return "two zip64 extra fields";
        if (kind == kZip64Field) wide = extra.first(length);
        extra = extra.subspan(length);
    }
    for (std::uint64_t* const field : fields) {
        if (*field != kZip64Mark) continue;
        if (!wide || wide->size() < sizeof(std::uint64_t))
            return "no zip64 extra field, or one that is too short";
        *field = zipNumber<std::uint64_t>(*wide, 0);
        wide = wide->subspan(sizeof(std::uint64_t));
    }
    return {};
}

Error zipDamaged(const InputFile& file, const std::string& text) {
    return Error{codes::kZipDamaged, file.shownPath() + ": " + text + "; get the file again"};
}

Error zipUnsupported(const InputFile& file, const std::string& text) {
    return Error{codes::kZipUnsupported,
                 file.shownPath() + ": " + text + "; get it packed as one ordinary ZIP file"};
}

} // namespace llamahome::formats
