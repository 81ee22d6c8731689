#include "formats/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "core/error_codes.h"
#include "formats/impostor.h"

namespace llamahome::formats {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are used as they are in the file");

constexpr std::uint64_t kElementsAtOnce = 32768; ///< a multiple of every block

} // namespace

Result<std::unique_ptr<GgufReader>> GgufReader::open(const std::filesystem::path& path) {
    auto file = InputFile::open(path);
    if (!file) return file.error();
    if (auto genuine = refuseImpostor(**file, "GGUF"); !genuine) return genuine.error();
    auto header = parseGgufHeader(**file);
    if (!header) return header.error();
    return std::unique_ptr<GgufReader>(new GgufReader(std::move(*file), std::move(*header)));
}

GgufReader::GgufReader(std::unique_ptr<InputFile> file, GgufHeader header)
    : m_file(std::move(file))
    , m_header(std::move(header)) {
    for (const GgufTensor& tensor : m_header.tensors) {
        m_tensors.push_back({tensor.name, DType::F32, tensor.shape});
        m_places.emplace(tensor.name, &tensor);
    }
}

const BlockType& GgufReader::packing(const TensorInfo& tensor) const {
    return *m_places.at(tensor.name)->type;
}

Result<void> GgufReader::read(const TensorInfo& tensor, std::span<std::byte> out) {
    const GgufTensor& place = *m_places.at(tensor.name);
    const BlockType& type = *place.type;
    assert(out.size() == tensor.byteSize());
    const std::uint64_t blocksAtOnce = kElementsAtOnce / type.blockElements;
    std::vector<std::byte> packed(static_cast<std::size_t>(blocksAtOnce * type.blockBytes));
    std::vector<float> values(kElementsAtOnce);
    std::uint64_t blocksLeft = place.bytes / type.blockBytes;
    std::uint64_t offset = place.offset;
    while (blocksLeft > 0) {
        const auto blocks = static_cast<std::size_t>(std::min(blocksLeft, blocksAtOnce));
        const auto bytes = std::span(packed).first(blocks * type.blockBytes);
        if (auto filled = m_file->readAt(offset, bytes); !filled) return filled;
        type.decode(bytes.data(), blocks, values.data());
        const std::size_t unpacked = blocks * type.blockElements * sizeof(float);
        std::memcpy(out.data(), values.data(), unpacked);
        out = out.subspan(unpacked);
        offset += bytes.size();
        blocksLeft -= blocks;
    }
    if (m_file->isUnchanged()) return {};
    return Error{codes::kFileChanged, shownPath() + ": the file changed while it was read; try again"};
}

} // namespace llamahome::formats
