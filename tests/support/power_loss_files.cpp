#include "support/power_loss_files.h"

#include "core/error_codes.h"
#include "support/checked.h"

namespace llamahome::testing {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlockBytes = 4096;

/// The bytes of a file after the loss.
std::string bytesAfter(const std::string& seen, const std::string& onDisk, Unflushed unflushed) {
    if (unflushed == Unflushed::Kept) return seen;
    std::string bytes = onDisk;
    if (seen.size() <= bytes.size()) return bytes;
    const std::size_t pending = seen.size() - bytes.size();
    if (unflushed == Unflushed::Zeroed) bytes.append(pending, '\0');
    if (unflushed == Unflushed::Torn)
        bytes += seen.substr(bytes.size(), pending / 2 / kBlockBytes * kBlockBytes);
    return bytes;
}

} // namespace

class PowerLossFiles::File final : public WritableFile {
public:
    File(PowerLossFiles& layer, std::unique_ptr<WritableFile> real, fs::path path, std::shared_ptr<Node> node)
        : m_layer(layer)
        , m_real(std::move(real))
        , m_path(std::move(path))
        , m_node(std::move(node)) {}

    Result<void> write(std::span<const std::byte> bytes) override {
        if (m_layer.isGone()) return lost(m_path);
        m_node->seen.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return m_real->write(bytes);
    }
    Result<void> sync() override {
        if (m_layer.isGone()) return lost(m_path);
        m_node->onDisk = m_node->seen;
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
    std::shared_ptr<Node> m_node;
};

PowerLossFiles::PowerLossFiles(fs::path root, std::uint64_t lossAt)
    : m_root(std::move(root))
    , m_lossAt(lossAt) {
    fs::create_directories(m_root);
    m_top = read(m_root);
}

std::shared_ptr<PowerLossFiles::Node> PowerLossFiles::read(const fs::path& path) {
    auto node = std::make_shared<Node>();
    if (!fs::is_directory(path)) {
        node->seen = node->onDisk = checked(readFile(path));
        return node;
    }
    node->folder = std::make_shared<Folder>();
    for (const auto& entry : fs::directory_iterator(path))
        if (entry.is_regular_file() || entry.is_directory())
            node->folder->seen[entry.path().filename().string()] = read(entry.path());
    node->folder->onDisk = node->folder->seen;
    return node;
}

PowerLossFiles::Folder& PowerLossFiles::folderOf(const fs::path& path) {
    Folder* folder = m_top->folder.get();
    for (const fs::path& name : path.parent_path().lexically_relative(m_root))
        if (name != ".") folder = folder->seen.at(name.string())->folder.get();
    return *folder;
}

bool PowerLossFiles::isGone() {
    ++m_calls;
    return m_lossAt != 0 && m_calls >= m_lossAt;
}

Error PowerLossFiles::lost(const fs::path& path) {
    return {codes::kFileWrite, "cannot write " + displayPath(path) + ": the power is gone"};
}

void PowerLossFiles::write(const fs::path& path, const Folder& folder, Unflushed unflushed,
                           bool areNamesKept) {
    fs::create_directories(path);
    for (const auto& [name, node] : areNamesKept ? folder.seen : folder.onDisk) {
        if (node->folder)
            write(path / name, *node->folder, unflushed, areNamesKept);
        else
            checked(writeFileAtomically(systemFiles(), path / name,
                                        bytesAfter(node->seen, node->onDisk, unflushed)));
    }
}

void PowerLossFiles::settle(Unflushed unflushed, bool areNamesKept) const {
    for (const auto& entry : fs::directory_iterator(m_root))
        fs::remove_all(entry.path());
    write(m_root, *m_top->folder, unflushed, areNamesKept);
}

Result<std::unique_ptr<WritableFile>> PowerLossFiles::opened(Result<std::unique_ptr<WritableFile>> real,
                                                             const fs::path& path) {
    if (!real) return real.error();
    auto& node = folderOf(path).seen[path.filename().string()];
    if (!node) node = std::make_shared<Node>();
    return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, std::move(*real), path, node));
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
    folderOf(path).seen.at(path.filename().string())->seen.resize(static_cast<std::size_t>(sizeBytes));
    return {};
}

Result<void> PowerLossFiles::rename(const fs::path& from, const fs::path& to) {
    if (isGone()) return lost(to);
    if (auto renamed = systemFiles().rename(from, to); !renamed) return renamed;
    Names& names = folderOf(from).seen;
    const auto node = names.at(from.filename().string());
    names.erase(from.filename().string());
    folderOf(to).seen[to.filename().string()] = node;
    return {};
}

Result<bool> PowerLossFiles::exchange(const fs::path& one, const fs::path& other) {
    if (isGone()) return lost(other);
    const auto exchanged = systemFiles().exchange(one, other);
    if (exchanged && *exchanged)
        std::swap(folderOf(one).seen.at(one.filename().string()),
                  folderOf(other).seen.at(other.filename().string()));
    return exchanged;
}

Result<void> PowerLossFiles::remove(const fs::path& path) {
    if (isGone()) return lost(path);
    folderOf(path).seen.erase(path.filename().string());
    return systemFiles().remove(path);
}

void PowerLossFiles::addFolders(const fs::path& path) {
    if (path == m_root) return;
    addFolders(path.parent_path());
    Folder& parent = folderOf(path);
    auto& node = parent.seen[path.filename().string()];
    if (node) return;
    node = std::make_shared<Node>();
    node->folder = std::make_shared<Folder>();
    parent.onDisk[path.filename().string()] = node;
}

Result<void> PowerLossFiles::makeDirectory(const fs::path& path) {
    if (isGone()) return lost(path);
    auto made = systemFiles().makeDirectory(path);
    if (made) addFolders(path);
    return made;
}

Result<void> PowerLossFiles::makeDirectories(const fs::path& path) {
    if (isGone()) return lost(path);
    auto made = systemFiles().makeDirectories(path);
    if (made) addFolders(path);
    return made;
}

Result<void> PowerLossFiles::syncDirectory(const fs::path& path) {
    if (isGone()) return lost(path);
    Folder& folder = folderOf(path / "name");
    folder.onDisk = folder.seen;
    return systemFiles().syncDirectory(path);
}

Result<void> PowerLossFiles::symlink(const fs::path&, const fs::path& link) {
    return lost(link); // neither a download nor a run makes one
}

} // namespace llamahome::testing
