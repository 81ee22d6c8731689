#include "app/commands/run_download.h"

#include <memory>
#include <utility>

#include "app/commands/download_printer.h"
#include "app/commands/hub_login.h"
#include "jobs/download/fetch_files.h"
#include "jobs/system/network_access.h"

namespace llamahome::app {
namespace {

/// What the source asks for beside the name. Neither is ever an argument.
Result<void> addSecrets(CommandContext& context, jobs::DownloadRequest& request) {
    switch (request.source) {
    case jobs::DownloadSource::Hub: {
        auto access = hubAccess(context);
        if (!access) return access.error();
        request.hub = std::move(*access);
        return {};
    }
    case jobs::DownloadSource::Meta: {
        auto link = askMetaLink(context);
        if (!link) return link.error();
        request.place = std::move(*link);
        return {};
    }
    case jobs::DownloadSource::Mirror:
        break;
    }
    return {};
}

} // namespace

Result<jobs::DownloadResult> runDownload(CommandContext& context, jobs::DownloadRequest request) {
    const auto library = context.library();
    if (!library) return library.error();
    const auto settings = context.settings();
    if (!settings) return settings.error();
    const config::HubSettings& hub = (*settings)->values.model.hub;
    request.hubMirror = hub.mirror;
    if (auto added = addSecrets(context, request); !added) return added.error();
    const auto rules = jobs::networkRules(hub, context.environment());
    if (!rules) return rules.error();
    const auto transport = jobs::openNetwork(*rules);
    if (!transport) return transport.error();
    DownloadPrinter printer(context.output(), context.clock());
    const jobs::FetchWatch watch{
        [&printer](const download::SetStatus& status) { printer.tellWaiting(status); },
        std::make_shared<download::TransferControl>()};
    watch.control->setLimit(jobs::speedLimit(hub));
    const jobs::DownloadTools tools{**transport, context.files(),
                                    jobs::fetchFiles(*rules, context.files(), watch),
                                    [&context]() -> Result<std::shared_ptr<const jobs::RootLock>> {
                                        auto lock = context.lockRoot();
                                        if (!lock) return lock.error();
                                        return std::make_shared<const jobs::RootLock>(std::move(*lock));
                                    }};
    auto result = jobs::downloadModel(request, **library, tools, context.cancel(), printer.sink());
    if (result || request.source != jobs::DownloadSource::Hub ||
        !download::isTokenWanted(result.error().code.text))
        return result;
    auto token = askToken(context, **transport, request.hub, result.error());
    if (!token) return token.error();
    request.hub.token = std::move(*token);
    return jobs::downloadModel(request, **library, tools, context.cancel(), printer.sink());
}

Result<jobs::DownloadResult> fetchDamagedAgain(CommandContext& context, const jobs::ModelEntry& entry) {
    jobs::DownloadRequest request;
    request.target = {entry.family, entry.version, entry.hubId, entry.catalog};
    request.everyByte = true;
    return runDownload(context, std::move(request));
}

} // namespace llamahome::app
