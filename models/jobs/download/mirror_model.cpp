#include "jobs/download/mirror_model.h"

#include <algorithm>
#include <functional>

#include "core/error_codes.h"
#include "core/hash.h"
#include "download/checksum_list.h"
#include "download/http_get.h"
#include "download/remote_size.h"
#include "formats/hub/hub_names.h"
#include "jobs/library/copy_file.h"

namespace llamahome::jobs {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxConfigBytes = 1U << 20;

/// A mirror as something that small files can be asked of.
class Mirror {
public:
    virtual ~Mirror() = default;
    /// The text of a file in it.
    virtual Result<std::string> text(const std::string& path, std::size_t maxBytes) = 0;
    virtual Result<std::optional<std::uint64_t>> size(const std::string& path) = 0;
    /// What RemoteFile::url is to be.
    virtual std::string urlOf(const std::string& path) const = 0;
};

class WebMirror final : public Mirror {
public:
    WebMirror(network::Transport& transport, std::string address, const download::Pause& pause,
              const CancelToken& cancel)
        : m_transport(transport)
        , m_address(std::move(address))
        , m_pause(pause)
        , m_cancel(cancel) {}

    Result<std::string> text(const std::string& path, std::size_t maxBytes) override {
        auto answer = download::getText(m_transport, {urlOf(path), {}}, maxBytes, m_pause, m_cancel);
        if (!answer) return answer.error();
        return std::move(answer->text);
    }
    Result<std::optional<std::uint64_t>> size(const std::string& path) override {
        return download::remoteSize(m_transport, urlOf(path), m_pause, m_cancel);
    }
    std::string urlOf(const std::string& path) const override {
        return m_address + "/" + download::encodedForUrl(path, true);
    }

private:
    network::Transport& m_transport;
    std::string m_address;
    const download::Pause& m_pause;
    const CancelToken& m_cancel;
};

class FolderMirror final : public Mirror {
public:
    explicit FolderMirror(fs::path folder)
        : m_folder(std::move(folder)) {}

    Result<std::string> text(const std::string& path, std::size_t maxBytes) override {
        return readFile(m_folder / path, maxBytes);
    }
    Result<std::optional<std::uint64_t>> size(const std::string& path) override {
        const auto bytes = fileSize(m_folder / path);
        if (!bytes) return bytes.error();
        return std::optional<std::uint64_t>(*bytes);
    }
    std::string urlOf(const std::string& path) const override { return displayPath(m_folder / path); }

private:
    fs::path m_folder;
};

Result<RemoteModel> modelAt(Mirror& mirror, const std::string& place, const std::string& wantedFile) {
    const auto list = mirror.text(download::kChecksumList, download::kMaxChecksumListBytes);
    if (!list)
        return Error{list.error().code,
                     place + ": found no list " + download::kChecksumList +
                         " of its files' hashes, expected a model's folder with one: " + list.error().message,
                     list.error().detail};
    const auto files = download::parseChecksumList(*list, foldedName, place + "/" + download::kChecksumList);
    if (!files) return files.error();
    std::vector<std::string> names;
    for (const download::RemoteFile& file : *files)
        names.push_back(file.path);
    const auto chosen = chooseModelFiles(names, wantedFile, place);
    if (!chosen) return chosen.error();
    const std::string config(formats::kModelConfigFile);
    if (chosen->form == SourceForm::HubFolder || chosen->form == SourceForm::Pickled) {
        const auto text = mirror.text(config, kMaxConfigBytes);
        if (!text) return text.error();
        if (auto runs = checkArchitecture(*text, place + ": " + config); !runs) return runs.error();
    }
    RemoteModel model;
    model.form = chosen->form;
    model.gguf = chosen->gguf;
    model.origin = std::string(download::kChecksumList) + " of " + place;
    model.set.source = place;
    model.set.name = place;
    for (const download::RemoteFile& file : *files) {
        if (std::find(chosen->names.begin(), chosen->names.end(), file.path) == chosen->names.end()) continue;
        const auto size = mirror.size(file.path);
        if (!size) return size.error().within(file.path);
        model.set.files.push_back({file.path, mirror.urlOf(file.path), *size, file.hash});
    }
    return model;
}

Result<bool> isProved(const fs::path& path, const std::string& sha256, const CancelToken& cancel) {
    if (!isThere(path)) return false;
    const auto hash = sha256File(path, cancel);
    if (!hash) return hash.error();
    return *hash == sha256;
}

/// Beside its place, and to it when its hash agrees.
Result<void> copyProved(const download::RemoteFile& file, const fs::path& target, FileLayer& files,
                        const CancelToken& cancel, const std::function<void(std::uint64_t)>& copied) {
    fs::path part = target;
    part += ".part";
    if (auto made = files.makeDirectories(target.parent_path()); !made) return made;
    if (auto removed = files.remove(part); !removed) return removed;
    if (auto done = copyFile(files, file.url, part, cancel, copied); !done) return done;
    const auto proved = isProved(part, file.hash.hex, cancel);
    if (!proved) return proved.error();
    if (!*proved) {
        (void)files.remove(part);
        return Error{codes::kHashMismatch, file.url + ": is not what the list " + download::kChecksumList +
                                               " beside it says; get the file again, or make the list anew"};
    }
    if (auto renamed = files.rename(part, target); !renamed) return renamed;
    return files.syncDirectory(target.parent_path());
}

} // namespace

bool isAddress(const std::string& place) {
    return place.find("://") != std::string::npos;
}

Result<RemoteModel> findMirrorModel(network::Transport& transport, const std::string& place,
                                    const std::string& wantedFile, const download::Pause& pause,
                                    const CancelToken& cancel) {
    std::string plain = place;
    while (plain.size() > 1 && plain.ends_with('/'))
        plain.pop_back();
    if (!isAddress(plain)) {
        std::error_code failure;
        const fs::path folder = fs::absolute(plain, failure).lexically_normal();
        if (!fs::is_directory(folder, failure))
            return Error{codes::kDownloadSource,
                         "--source: found " + plain +
                             ", expected hub, meta, an address (https://…), or a folder of this machine"};
        FolderMirror mirror(folder);
        return modelAt(mirror, displayPath(folder), wantedFile);
    }
    if (auto allowed = download::checkAddress(plain, transport.allowsPlain()); !allowed)
        return allowed.error().within("--source");
    WebMirror mirror(transport, plain, pause, cancel);
    return modelAt(mirror, plain, wantedFile);
}

Result<std::vector<download::FetchedFile>> copySet(const download::RemoteSet& set, const fs::path& folder,
                                                   FileLayer& files, const CancelToken& cancel,
                                                   const ProgressSink& progress) {
    Progress state{"copying " + set.name, 0, 0, "bytes"};
    for (const download::RemoteFile& file : set.files)
        state.total += file.sizeBytes.value_or(0);
    std::vector<download::FetchedFile> fetched;
    for (const download::RemoteFile& file : set.files) {
        const fs::path target = folder / file.path;
        const std::uint64_t before = state.done;
        const auto isHere = isProved(target, file.hash.hex, cancel);
        if (!isHere) return isHere.error();
        if (!*isHere) {
            const auto copied = copyProved(file, target, files, cancel, [&](std::uint64_t bytes) {
                state.done = std::min(state.done + bytes, state.total);
                if (progress) progress(state);
            });
            if (!copied) return copied.error();
        }
        state.done = before + file.sizeBytes.value_or(0);
        if (progress) progress(state);
        fetched.push_back({file.sizeBytes.value_or(0), file.hash.hex, file.hash.kind, *isHere});
    }
    return fetched;
}

} // namespace llamahome::jobs
