#include "formats/gguf/gguf_parts.h"

#include <set>
#include <string_view>

#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/file_text.h"
#include "formats/five_digits.h"
#include "formats/gguf/gguf_fields.h"
#include "formats/impostor.h"

namespace llamahome::formats {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMaxParts = 512; ///< all are open at once
constexpr std::int64_t kMaxTensors = 1 << 24;
constexpr std::string_view kNumberKey = "split.no";
constexpr std::string_view kCountKey = "split.count";
constexpr std::string_view kTensorsKey = "split.tensors.count";

/// What a part says of its set.
struct Division {
    std::int64_t number = 0; ///< from 0
    std::int64_t count = 1;
    std::int64_t tensors = 0; ///< of all parts
};

Error divisionError(const InputFile& file, const std::string& text) {
    return Error{codes::kGgufMetadata,
                 file.shownPath() + ": " + text + "; get all parts of the file from one source"};
}

Result<GgufPart> openPart(const fs::path& path) {
    auto file = InputFile::open(path);
    if (!file) return file.error();
    if (auto genuine = refuseImpostor(**file, "GGUF"); !genuine) return genuine.error();
    auto header = parseGgufHeader(**file);
    if (!header) return header.error();
    return GgufPart{std::move(*file), std::move(*header)};
}

Result<Division> divisionOf(const GgufPart& part) {
    const GgufFields fields(part.header.metadata, part.file->shownPath());
    Division division;
    division.count = fields.whole(kCountKey, kMaxParts).value_or(1);
    if (division.count > 1) {
        division.number = fields.whole(kNumberKey, division.count - 1).value_or(-1);
        division.tensors = fields.requiredWhole(kTensorsKey, kMaxTensors);
    }
    if (fields.problem()) return *fields.problem();
    if (division.number < 0)
        return divisionError(*part.file, "found " + std::string(kCountKey) + " without " +
                                             std::string(kNumberKey) + ", which says the part's place");
    return division;
}

/// "-00001-of-00003.gguf", as gguf-split names the part.
std::string partEnding(std::int64_t number, std::int64_t count) {
    return "-" + fiveDigits(static_cast<std::size_t>(number) + 1) + "-of-" +
           fiveDigits(static_cast<std::size_t>(count)) + ".gguf";
}

/// Whether `part` is number `number` of the set that `first` belongs to: it may repeat metadata, not change
/// it.
Result<void> checkBelongs(const GgufPart& part, const GgufPart& first, std::int64_t number) {
    if (!part.header.metadata.contains(kCountKey))
        return divisionError(*part.file,
                             "found no " + std::string(kCountKey) + ", expected a part of several");
    const auto found = divisionOf(part);
    if (!found) return found.error();
    if (found->number != number)
        return divisionError(*part.file, "says that it is part " + std::to_string(found->number + 1) +
                                             ", its name says part " + std::to_string(number + 1));
    for (const auto& [key, value] : part.header.metadata) {
        const auto other = first.header.metadata.find(key);
        if (key != kNumberKey && other != first.header.metadata.end() && other->second != value)
            return divisionError(*part.file, "its " + quotedText(key) + " differs from that of " +
                                                 first.file->shownPath());
    }
    return {};
}

Result<void> checkTensors(const std::vector<GgufPart>& parts, std::int64_t expected) {
    std::set<std::string_view> names;
    for (const GgufPart& part : parts)
        for (const GgufTensor& tensor : part.header.tensors)
            if (!names.insert(tensor.name).second)
                return Error{codes::kGgufTensorName, part.file->shownPath() + ": tensor " +
                                                         quotedText(tensor.name) +
                                                         " is in another part too; get the files again"};
    if (names.size() == static_cast<std::size_t>(expected)) return {};
    return divisionError(*parts.front().file, "the parts hold " + std::to_string(names.size()) +
                                                  " tensors, expected " + std::to_string(expected));
}

Result<std::vector<GgufPart>> openSet(GgufPart given, const Division& division) {
    const fs::path path = given.file->path();
    const std::string name = path.filename().string();
    const std::string ending = partEnding(division.number, division.count);
    if (!name.ends_with(ending))
        return divisionError(*given.file, "is part " + std::to_string(division.number + 1) + " of " +
                                              std::to_string(division.count) +
                                              ", expected a name that ends in " + ending);
    const std::string stem = name.substr(0, name.size() - ending.size());
    std::vector<GgufPart> parts;
    for (std::int64_t number = 0; number < division.count; ++number) {
        const fs::path sibling = path.parent_path() / (stem + partEnding(number, division.count));
        if (number == division.number) {
            parts.push_back(std::move(given));
        } else if (auto part = openPart(sibling); part) {
            parts.push_back(std::move(*part));
        } else if (part.error().code == codes::kFileNotFound) {
            return Error{codes::kFileNotFound, displayPath(sibling) + ": part " + std::to_string(number + 1) +
                                                   " of " + std::to_string(division.count) +
                                                   " is missing; put it beside the others"};
        } else {
            return part.error();
        }
        if (auto belongs = checkBelongs(parts.back(), parts.front(), number); !belongs)
            return belongs.error();
    }
    if (auto checked = checkTensors(parts, division.tensors); !checked) return checked.error();
    return parts;
}

} // namespace

Result<std::vector<GgufPart>> openGgufParts(const fs::path& path) {
    auto part = openPart(path);
    if (!part) return part.error();
    const auto division = divisionOf(*part);
    if (!division) return division.error();
    if (division->count > 1) return openSet(std::move(*part), *division);
    std::vector<GgufPart> one;
    one.push_back(std::move(*part));
    return one;
}

} // namespace llamahome::formats
