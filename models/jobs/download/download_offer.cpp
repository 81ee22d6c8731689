#include "jobs/download/download_offer.h"

#include <algorithm>
#include <utility>

#include "download/fetch_set.h"
#include "download/http_get.h"
#include "jobs/download/download_place.h"
#include "jobs/download/present_model.h"
#include "jobs/library/card_licence.h"
#include "jobs/library/disk_room.h"

namespace llamahome::jobs {
namespace {

constexpr const char* kCard = "README.md";
constexpr std::size_t kMaxCardBytes = 1U << 20;

/// As the catalogue, the model that is there, or the card at the source says; a card that does not come is no
/// reason to offer nothing.
std::string licenceOf(const RemoteModel& model, const std::optional<ModelEntry>& entry,
                      network::Transport& transport, const download::Pause& pause,
                      const CancelToken& cancel) {
    if (entry && !entry->licence.empty()) return entry->licence;
    const auto card = std::find_if(model.set.files.begin(), model.set.files.end(),
                                   [](const download::RemoteFile& file) { return file.path == kCard; });
    if (card == model.set.files.end()) return {};
    if (!download::checkAddress(card->url))
        return licenceByCard(std::filesystem::path(card->url).parent_path());
    const auto text =
        download::getText(transport, {card->url, model.set.headers}, kMaxCardBytes, pause, cancel);
    return text ? licenceOfCard(text->text) : std::string();
}

} // namespace

std::string pinnedCommit(const DownloadRequest& request, const DataRoot& root) {
    const auto record =
        readDownloadRecord(downloadFolder(root, request.target.family, request.target.version));
    if (!record || record->revision != request.revision) return {};
    return record->name == request.target.hubId ? record->commit : std::string();
}

std::uint64_t roomFor(const RemoteModel& model, const std::filesystem::path& files) {
    const std::uint64_t converted = isConverted(model.form) ? model.totalBytes() : 0;
    return download::missingBytes(model.set, files) + converted;
}

Result<void> checkRoomFor(const DownloadTarget& target, const std::filesystem::path& place,
                          std::uint64_t roomBytes) {
    return checkDiskRoom(place, roomBytes, "the download of " + target.name(), "with --root DIR");
}

Result<DownloadOffer> offerDownload(const DownloadRequest& request, const Library& library,
                                    network::Transport& transport, const download::Pause& pause,
                                    const CancelToken& cancel) {
    const DownloadTools tools{transport, systemFiles(), {}, {}, pause};
    const auto model = findRemoteModel(request, pinnedCommit(request, library.root()), tools, cancel);
    if (!model) return model.error();
    DownloadOffer offer;
    const bool isRenamed = request.source == DownloadSource::Hub && !request.target.catalog &&
                           model->set.name != request.target.hubId;
    offer.target = isRenamed ? targetOfHubId(library.catalog(), model->set.name) : request.target;
    offer.source = model->set.source;
    offer.commit = model->set.commit;
    for (const download::RemoteFile& file : model->set.files)
        offer.files.push_back({file.path, file.sizeBytes, file.hash.kind});
    offer.totalBytes = model->totalBytes();
    offer.isConverted = isConverted(model->form);
    const auto entry = library.find(offer.target.family, offer.target.version);
    offer.isThere = entry && isPresent(*entry);
    offer.place = modelFolder(library.root(), offer.target.family, offer.target.version);
    const auto folder = downloadFolder(library.root(), offer.target.family, offer.target.version);
    offer.hereBytes = std::min(offer.totalBytes, downloadedBytes(folder));
    offer.roomBytes = offer.isThere ? 0 : roomFor(*model, downloadedFiles(folder));
    const auto free = freeDiskBytes(offer.place);
    if (!free) return free.error();
    offer.freeBytes = *free;
    if (auto fits = checkRoomFor(offer.target, offer.place, offer.roomBytes); !fits)
        offer.noRoom = fits.error();
    offer.licence = licenceOf(*model, entry, transport, pause, cancel);
    return offer;
}

} // namespace llamahome::jobs
