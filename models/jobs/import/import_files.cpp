#include "jobs/import/import_files.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/file_layer.h"
#include "formats/checked_math.h"
#include "formats/hub/hub_names.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kFromHubCache = "the Hub's cache";
constexpr std::uint64_t kConvertedTextBytes = 32ULL
                                              << 20; ///< tokenizer and configuration of a converted model

bool isWeights(std::string_view name) {
    return name.ends_with(".safetensors") && !name.starts_with("adapter_") &&
           !name.starts_with("consolidated");
}

} // namespace

std::string nameOf(const fs::path& path) {
    return displayPath(path.filename());
}

bool isFile(const fs::path& path) {
    std::error_code failure;
    return fs::is_regular_file(path, failure);
}

std::vector<fs::path> entriesOf(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure))
        found.push_back(entry->path());
    std::sort(found.begin(), found.end());
    return found;
}

bool isSha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool isLicenceFile(std::string_view name) {
    const std::string lower = lowerAscii(name);
    return lower.starts_with("license") || lower.starts_with("licence");
}

bool isSideFile(std::string_view name) {
    // A card goes by its one name: an export writes another in its place.
    return name == "README.md" || name == "USE_POLICY.md" || lowerAscii(name).starts_with("notice") ||
           isLicenceFile(name);
}

bool saysInstruct(std::string_view name) {
    const std::string lower = lowerAscii(name);
    return lower.find("instruct") != std::string::npos || lower.find("chat") != std::string::npos;
}

// Everything else of a repository (other formats, pictures) is no part of the model.
bool belongsToModel(std::string_view name) {
    constexpr std::array<std::string_view, 6> kNames{formats::kModelConfigFile,
                                                     formats::kGenerationConfigFile,
                                                     formats::kWeightsIndex,
                                                     "vocab.json",
                                                     "merges.txt",
                                                     "chat_template.json"};
    return isWeights(name) || formats::isTokenizerFile(name) ||
           std::find(kNames.begin(), kNames.end(), name) != kNames.end() || isSideFile(name);
}

Result<void> addFile(ImportSource& source, const fs::path& path, const fs::path& cacheFolder) {
    SourceFile file{nameOf(path), path};
    const auto size = fileSize(path);
    if (!size) return size.error();
    file.sizeBytes = *size;
    file.isWeights = isWeights(file.name);
    std::error_code failure;
    file.path = fs::canonical(path, failure);
    if (failure) return Error{codes::kFileRead, displayPath(path) + ": " + failure.message()};
    if (!cacheFolder.empty() && fs::is_symlink(path, failure)) {
        if (file.path.parent_path() != fs::canonical(cacheFolder / "blobs", failure))
            return Error{codes::kImportSource, displayPath(path) + ": is a link out of the Hub's cache (" +
                                                   displayPath(file.path) +
                                                   "); this is not how the Hub's client "
                                                   "writes it, get the model again"};
        if (isSha256(nameOf(file.path))) {
            file.expectedSha256 = nameOf(file.path);
            file.origin = kFromHubCache;
        }
    }
    const auto total = formats::checkedAdd(source.resultBytes, file.sizeBytes);
    if (!total)
        return Error{codes::kFileTooLarge, displayPath(path) + ": the files are larger than any disk"};
    source.resultBytes = *total;
    source.files.push_back(std::move(file));
    return {};
}

Result<void> addResultBytes(ImportSource& source, const std::vector<formats::TensorInfo>& tensors,
                            std::optional<std::uint64_t> elementBytes) {
    source.resultBytes = kConvertedTextBytes;
    source.parameters = 0;
    for (const formats::TensorInfo& tensor : tensors) {
        const auto bytes = formats::checkedMultiply(
            tensor.elementCount(), elementBytes.value_or(formats::elementBytes(tensor.dtype)));
        const auto total = bytes ? formats::checkedAdd(source.resultBytes, *bytes) : std::nullopt;
        if (!total)
            return Error{codes::kFileTooLarge, source.name + ": its tensors are larger than any disk"};
        source.resultBytes = *total;
        source.parameters += tensor.elementCount();
    }
    return {};
}

} // namespace llamahome::jobs
