#include "formats/gguf/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "core/error_codes.h"

namespace llamahome::formats {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are used as they are in the file");

constexpr std::uint64_t kElementsAtOnce = 32768; ///< a multiple of every block

} // namespace

Result<std::unique_ptr<GgufReader>> GgufReader::open(const std::filesystem::path& path) {
    auto parts = openGgufParts(path);
    if (!parts) return parts.error();
    return std::unique_ptr<GgufReader>(new GgufReader(std::move(*parts)));
}

GgufReader::GgufReader(std::vector<GgufPart> parts)
    : m_parts(std::move(parts)) {
    for (const GgufPart& part : m_parts)
        for (const GgufTensor& tensor : part.header.tensors) {
            m_tensors.push_back({tensor.name, DType::F32, tensor.shape});
            m_places.emplace(tensor.name, Place{part.file.get(), &tensor});
        }
}

std::vector<std::filesystem::path> GgufReader::files() const {
    std::vector<std::filesystem::path> paths;
    for (const GgufPart& part : m_parts)
        paths.push_back(part.file->path());
    return paths;
}

const BlockType& GgufReader::packing(const TensorInfo& tensor) const {
    return *m_places.at(tensor.name).tensor->type;
}

Result<void> GgufReader::read(const TensorInfo& tensor, std::span<std::byte> out) {
    const auto& [file, place] = m_places.at(tensor.name);
    const BlockType& type = *place->type;
    assert(out.size() == tensor.byteSize());
    const std::uint64_t blocksAtOnce = kElementsAtOnce / type.blockElements;
    std::vector<std::byte> packed(static_cast<std::size_t>(blocksAtOnce * type.blockBytes));
    std::vector<float> values(kElementsAtOnce);
    std::uint64_t blocksLeft = place->bytes / type.blockBytes;
    std::uint64_t offset = place->offset;
    while (blocksLeft > 0) {
        const auto blocks = static_cast<std::size_t>(std::min(blocksLeft, blocksAtOnce));
        const auto bytes = std::span(packed).first(blocks * type.blockBytes);
        if (auto filled = file->readAt(offset, bytes); !filled) return filled;
        type.decode(bytes.data(), blocks, values.data());
        const std::size_t unpacked = blocks * type.blockElements * sizeof(float);
        std::memcpy(out.data(), values.data(), unpacked);
        out = out.subspan(unpacked);
        offset += bytes.size();
        blocksLeft -= blocks;
    }
    if (file->isUnchanged()) return {};
    return Error{codes::kFileChanged, file->shownPath() + ": the file changed while it was read; try again"};
}

Error GgufReader::tensorsError(const std::string& text) const {
    return Error{codes::kGgufTensors, shownPath() + ": " + text + "; get the file again"};
}

} // namespace llamahome::formats
