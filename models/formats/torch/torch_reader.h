// Reads the tensors of a file that torch.save() wrote (.pth, .bin, since PyTorch 1.6). One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "formats/tensor.h"
#include "formats/zip/zip_archive.h"

namespace llamahome::formats {

class TorchReader final : public TensorSource {
public:
    /// Opens the archive and reads its pickle (ZIP-n, PT-01 … PT-36; IM-n for what only bears the name).
    /// Nothing that the file names is ever called, and nothing is unpacked to the disk.
    /// `cancel` is looked at once a MiB while a storage is proved: RUN-00.
    static Result<std::unique_ptr<TorchReader>> open(const std::filesystem::path& path,
                                                     const CancelToken& cancel = {});

    /// Under the names of the state dict, in its order. Two tensors may share their bytes.
    const std::vector<TensorInfo>& tensors() const override { return m_tensors; }
    /// Reads in place. The first tensor of a storage reads the storage whole and proves its CRC-32 (ZIP-01).
    Result<void> read(const TensorInfo& tensor, std::span<std::byte> out) override;
    /// Always empty: what was not proved is not mapped.
    std::span<const std::byte> mapped(const TensorInfo&) const override { return {}; }

    /// True where both names are there and stand for the same bytes of the file: tied weights.
    bool haveSameBytes(const std::string& one, const std::string& other) const;

    const std::string& shownPath() const { return m_archive->file().shownPath(); }

private:
    /// Where a tensor's bytes lie.
    struct Place {
        const ZipEntry* member = nullptr;
        std::uint64_t offset = 0; ///< in the member
        friend bool operator==(const Place&, const Place&) = default;
    };

    TorchReader(std::unique_ptr<ZipArchive> archive, CancelToken cancel)
        : m_archive(std::move(archive))
        , m_cancel(std::move(cancel)) {}
    Result<void> proveAndRead(const Place& place, std::span<std::byte> out);

    std::unique_ptr<ZipArchive> m_archive;
    CancelToken m_cancel;
    std::vector<TensorInfo> m_tensors;
    std::unordered_map<std::string, Place> m_places;
    std::set<const ZipEntry*> m_proved; ///< members whose CRC-32 was seen to be right
};

} // namespace llamahome::formats
