#include "formats/torch/torch_reader.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "formats/file_text.h"
#include "formats/impostor.h"
#include "formats/torch/pickle_machine.h"
#include "formats/torch/state_dict.h"

namespace llamahome::formats {
namespace {

constexpr std::uint64_t kMaxPickleBytes = 64U << 20;
constexpr std::uint64_t kMaxByteOrderBytes = 16;
constexpr std::string_view kPickle = "/data.pkl";
constexpr std::size_t kTarMagicAt = 257; ///< where a tar file says "ustar"

Error refuse(const InputFile& file, ErrorCode code, const std::string& text) {
    return Error{code, file.shownPath() + ": " + text};
}

/// Before 1.6 torch.save() wrote bare pickles, before 0.1.10 tar files.
Result<void> refuseOldFormat(const InputFile& file) {
    std::array<std::byte, kTarMagicAt + 5> bytes{};
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), file.size()));
    if (auto read = file.readAt(0, std::span(bytes).first(count)); !read) return read;
    const std::string_view head(reinterpret_cast<const char*>(bytes.data()), count);
    if (!head.starts_with('\x80') && !head.substr(std::min(count, kTarMagicAt)).starts_with("ustar"))
        return {};
    return refuse(file, codes::kTorchOldFormat,
                  "found PyTorch's format from before version 1.6; save the model again with a newer one, or "
                  "as .safetensors");
}

/// The bytes of a small stored member.
Result<std::vector<std::byte>> memberBytes(const ZipArchive& archive, const ZipEntry& entry,
                                           std::uint64_t limit) {
    if (entry.method != ZipMethod::Stored)
        return refuse(archive.file(), codes::kTorchPacked,
                      "member " + quotedText(entry.name) +
                          " is packed, which PyTorch never does; get the file "
                          "again, or its .safetensors");
    if (entry.sizeBytes > limit)
        return refuse(archive.file(), codes::kPickleLength,
                      "member " + quotedText(entry.name) + " has " + std::to_string(entry.sizeBytes) +
                          " bytes, expected at most " + std::to_string(limit) + "; get the file again");
    std::vector<std::byte> bytes;
    const auto extracted = archive.extract(
        entry,
        [&](std::span<const std::byte> block) {
            bytes.insert(bytes.end(), block.begin(), block.end());
            return Result<void>();
        },
        CancelToken());
    if (!extracted) return extracted.error();
    return bytes;
}

/// The archive's one folder, whose name is the writer's choice: that of the one data.pkl.
Result<std::string> rootFolder(const ZipArchive& archive) {
    std::string root;
    for (const ZipEntry& entry : archive.entries()) {
        if (!lowerAscii(entry.name).ends_with(kPickle)) continue;
        if (!root.empty() || !entry.name.ends_with(kPickle))
            return refuse(archive.file(), codes::kTorchMembers,
                          "found the member " + quotedText(entry.name) +
                              " beside another one, expected one data.pkl; get the file again");
        root = entry.name.substr(0, entry.name.size() - kPickle.size());
    }
    if (root.empty() || root.find('/') != std::string::npos)
        return refuse(
            archive.file(), codes::kTorchMembers,
            "found a zip file without a data.pkl in its folder, so no file of torch.save(); get the "
            "file again");
    for (const ZipEntry& entry : archive.entries()) {
        if (!entry.name.starts_with(root + "/"))
            return refuse(archive.file(), codes::kTorchMembers,
                          "found the member " + quotedText(entry.name) + " outside " + quotedText(root) +
                              "; get the file again");
        if (entry.name == root + "/constants.pkl" || entry.name.starts_with(root + "/code/"))
            return refuse(archive.file(), codes::kTorchScript,
                          "found a TorchScript program, not weights; get the weights as .safetensors");
    }
    return root;
}

Result<void> checkByteOrder(const ZipArchive& archive, const std::string& root) {
    const ZipEntry* const entry = archive.find(root + "/byteorder");
    if (entry == nullptr) return {}; // written since 2.1
    const auto bytes = memberBytes(archive, *entry, kMaxByteOrderBytes);
    if (!bytes) return bytes.error();
    const std::string_view order(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (order == "little") return {};
    return refuse(archive.file(), codes::kTorchByteOrder,
                  "found the byte order " + quotedText(order) +
                      ", expected \"little\"; save the model again on a little-endian machine");
}

Result<const ZipEntry*> storageMember(const ZipArchive& archive, const std::string& root,
                                      const StateDictTensor& tensor) {
    const std::string shown =
        "storage " + std::string(tensor.storageKey) + " of tensor " + quotedText(tensor.info.name);
    const ZipEntry* const entry = archive.find(root + "/data/" + std::string(tensor.storageKey));
    if (entry == nullptr)
        return refuse(archive.file(), codes::kStorageMissing, shown + " is missing; get the file again");
    if (entry->method != ZipMethod::Stored)
        return refuse(archive.file(), codes::kTorchPacked,
                      shown +
                          " is packed, which PyTorch never does; get the file again, or its .safetensors");
    if (entry->sizeBytes != tensor.storageBytes)
        return refuse(archive.file(), codes::kStorageSize,
                      shown + " has " + std::to_string(entry->sizeBytes) + " bytes, expected " +
                          std::to_string(tensor.storageBytes) + "; get the file again");
    return entry;
}

} // namespace

Result<std::unique_ptr<TorchReader>> TorchReader::open(const std::filesystem::path& path,
                                                       const CancelToken& cancel) {
    {
        const auto file = InputFile::open(path);
        if (!file) return file.error();
        if (auto isNew = refuseOldFormat(**file); !isNew) return isNew.error();
        if (auto genuine = refuseImpostor(**file, "zip or PyTorch"); !genuine) return genuine.error();
    }
    auto archive = ZipArchive::open(path);
    if (!archive) return archive.error();
    const auto root = rootFolder(**archive);
    if (!root) return root.error();
    if (auto checked = checkByteOrder(**archive, *root); !checked) return checked.error();
    const auto bytes =
        memberBytes(**archive, *(*archive)->find(*root + std::string(kPickle)), kMaxPickleBytes);
    if (!bytes) return bytes.error();
    const std::string& shownPath = (*archive)->file().shownPath();
    const auto pickled = unpickle(*bytes, shownPath);
    if (!pickled) return pickled.error();
    auto tensors = readStateDict(*pickled, shownPath);
    if (!tensors) return tensors.error();

    std::unique_ptr<TorchReader> reader(new TorchReader(std::move(*archive), cancel));
    for (StateDictTensor& tensor : *tensors) {
        const auto member = storageMember(*reader->m_archive, *root, tensor);
        if (!member) return member.error();
        reader->m_places.emplace(tensor.info.name, Place{*member, tensor.offset});
        reader->m_tensors.push_back(std::move(tensor.info));
    }
    return reader;
}

/// Copies what lies in [place.offset, place.offset + out.size()) while the member's CRC-32 is formed.
Result<void> TorchReader::proveAndRead(const Place& place, std::span<std::byte> out) {
    std::uint64_t at = 0;
    const std::uint64_t end = place.offset + out.size();
    const auto extracted = m_archive->extract(
        *place.member,
        [&](std::span<const std::byte> block) {
            const std::uint64_t from = std::max(at, place.offset);
            const std::uint64_t to = std::min(at + block.size(), end);
            if (from < to)
                std::memcpy(out.data() + (from - place.offset), block.data() + (from - at),
                            static_cast<std::size_t>(to - from));
            at += block.size();
            return Result<void>();
        },
        m_cancel);
    if (extracted) m_proved.insert(place.member);
    return extracted;
}

Result<void> TorchReader::read(const TensorInfo& tensor, std::span<std::byte> out) {
    const auto found = m_places.find(tensor.name);
    assert(found != m_places.end() && out.size() == tensor.byteSize());
    const Place& place = found->second;
    if (m_proved.count(place.member) == 0) {
        if (auto read = proveAndRead(place, out); !read) return read;
    } else {
        const auto begin = m_archive->dataOffset(*place.member);
        if (!begin) return begin.error();
        if (auto read = m_archive->file().readAt(*begin + place.offset, out); !read) return read;
    }
    if (m_archive->file().isUnchanged()) return {};
    return Error{codes::kFileChanged, shownPath() + ": the file changed while it was read; try again"};
}

bool TorchReader::haveSameBytes(const std::string& one, const std::string& other) const {
    const auto first = m_places.find(one);
    const auto second = m_places.find(other);
    return first != m_places.end() && second != m_places.end() && first->second == second->second;
}

} // namespace llamahome::formats
