#include "support/power_loss_files.h"

#include "core/error_codes.h"
#include "support/checked.h"

namespace llamahome::testing {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlockBytes = 4096;

} // namespace

class PowerLossFiles::File final : public WritableFile {
public:
    File(PowerLossFiles& layer, std::unique_ptr<WritableFile> real, fs::path path)
        : m_layer(layer)
        , m_real(std::move(real))
        , m_path(std::move(path))
        , m_content(layer.m_seen.at(m_path)) {}

    Result<void> write(std::span<const std::byte> bytes) override {
        if (m_layer.isGone()) return lost(m_path);
        m_content->seen.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return m_real->write(bytes);
    }
    Result<void> sync() override {
        if (m_layer.isGone()) return lost(m_path);
        m_content->onDisk = m_content->seen;
        return m_real->sync();
    }
    Result<void> reserve(std::uint64_t sizeBytes) override {
        if (m_layer.isGone()) return lost(m_path);
        return m_real->reserve(sizeBytes);
    }
    Result<void> close() override {
        if (m_layer.isGone()) return lost(m_path);
        return m_real->close();
    }

private:
    PowerLossFiles& m_layer;
    std::unique_ptr<WritableFile> m_real;
    fs::path m_path;
    std::shared_ptr<Content> m_content;
};

PowerLossFiles::PowerLossFiles(fs::path root, std::uint64_t lossAt)
    : m_root(std::move(root))
    , m_lossAt(lossAt) {
    fs::create_directories(m_root);
    for (const auto& entry : fs::recursive_directory_iterator(m_root)) {
        if (!entry.is_regular_file()) continue;
        const std::string bytes = checked(readFile(entry.path()));
        m_seen[entry.path()] = std::make_shared<Content>(Content{bytes, bytes});
    }
    m_onDisk = m_seen;
}

bool PowerLossFiles::isGone() {
    ++m_calls;
    return m_lossAt != 0 && m_calls >= m_lossAt;
}

Error PowerLossFiles::lost(const fs::path& path) {
    return {codes::kFileWrite, "cannot write " + displayPath(path) + ": the power is gone"};
}

void PowerLossFiles::settle(Unflushed unflushed, bool areNamesKept) const {
    for (const auto& [path, content] : m_seen)
        fs::remove(path);
    for (const auto& [path, content] : areNamesKept ? m_seen : m_onDisk) {
        std::string bytes = content->onDisk;
        if (unflushed == Unflushed::Kept) bytes = content->seen;
        if (content->seen.size() > bytes.size()) {
            const std::size_t pending = content->seen.size() - bytes.size();
            if (unflushed == Unflushed::Zeroed) bytes.append(pending, '\0');
            if (unflushed == Unflushed::Torn)
                bytes += content->seen.substr(bytes.size(), pending / 2 / kBlockBytes * kBlockBytes);
        }
        checked(writeFileAtomically(systemFiles(), path, bytes));
    }
}

Result<std::unique_ptr<WritableFile>> PowerLossFiles::opened(Result<std::unique_ptr<WritableFile>> real,
                                                             const fs::path& path) {
    if (!real) return real.error();
    if (!m_seen.contains(path)) m_seen[path] = std::make_shared<Content>();
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(*real), path));
}

Result<std::unique_ptr<WritableFile>> PowerLossFiles::createNew(const fs::path& path) {
    if (isGone()) return lost(path);
    return opened(systemFiles().createNew(path), path);
}

Result<std::unique_ptr<WritableFile>> PowerLossFiles::openAppend(const fs::path& path) {
    if (isGone()) return lost(path);
    return opened(systemFiles().openAppend(path), path);
}

Result<void> PowerLossFiles::truncate(const fs::path& path, std::uint64_t sizeBytes) {
    if (isGone()) return lost(path);
    if (auto cut = systemFiles().truncate(path, sizeBytes); !cut) return cut;
    m_seen.at(path)->seen.resize(static_cast<std::size_t>(sizeBytes));
    return {};
}

Result<void> PowerLossFiles::rename(const fs::path& from, const fs::path& to) {
    if (isGone()) return lost(to);
    if (auto renamed = systemFiles().rename(from, to); !renamed) return renamed;
    m_seen[to] = m_seen.at(from);
    m_seen.erase(from);
    return {};
}

Result<bool> PowerLossFiles::exchange(const fs::path&, const fs::path& other) {
    return lost(other); // no download exchanges names
}

Result<void> PowerLossFiles::remove(const fs::path& path) {
    if (isGone()) return lost(path);
    m_seen.erase(path);
    return systemFiles().remove(path);
}

Result<void> PowerLossFiles::makeDirectory(const fs::path& path) {
    return isGone() ? Result<void>(lost(path)) : systemFiles().makeDirectory(path);
}

Result<void> PowerLossFiles::makeDirectories(const fs::path& path) {
    return isGone() ? Result<void>(lost(path)) : systemFiles().makeDirectories(path);
}

Result<void> PowerLossFiles::syncDirectory(const fs::path& path) {
    if (isGone()) return lost(path);
    std::erase_if(m_onDisk, [&](const auto& name) { return name.first.parent_path() == path; });
    for (const auto& [name, content] : m_seen)
        if (name.parent_path() == path) m_onDisk[name] = content;
    return systemFiles().syncDirectory(path);
}

Result<void> PowerLossFiles::symlink(const fs::path&, const fs::path& link) {
    return lost(link); // no download makes one
}

} // namespace llamahome::testing
