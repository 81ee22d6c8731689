// A fake Hub with the tiny model in it, and downloads from it into a library. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/error_codes.h"
#include "download/http_get.h"
#include "jobs/download/download_model.h"
#include "jobs/download/fetch_files.h"
#include "library_fixture.h"
#include "support/hub_server.h"

namespace llamahome::testing {

inline constexpr const char* kTinyId = "HuggingFaceTB/SmolLM2-135M-Instruct";

/// What a repository has beside what is needed.
inline void addOtherFiles(HubModel& model) {
    for (const char* path : {".gitattributes", "onnx/model.onnx", "original/consolidated.00.pth",
                             "pytorch_model.bin", "model-q4.gguf", "consolidated.safetensors", "tf_model.h5"})
        model.files[path] = "never to be fetched";
}

class DownloadGround {
public:
    DownloadGround() { addOtherFiles(hub.addFolder(kTinyId, fixture.source())); }

    jobs::DownloadRequest request(const std::vector<std::string>& words = {"smollm2",
                                                                           "135m-instruct"}) const {
        auto target = jobs::downloadTarget(fixture.library(), words, {});
        if (!target) throw std::runtime_error(target.error().message);
        jobs::DownloadRequest request;
        request.target = std::move(*target);
        request.hub.endpoint = hub.endpoint();
        return request;
    }

    Result<jobs::DownloadResult> download(const jobs::DownloadRequest& request,
                                          FileLayer& files = systemFiles(), const CancelToken& cancel = {},
                                          const ProgressSink& progress = {}) const {
        const auto transport = jobs::openNetwork({});
        if (!transport) return transport.error();
        const jobs::DownloadTools tools{**transport, files, jobs::fetchFiles({}, files),
                                        [&]() -> Result<std::shared_ptr<const jobs::RootLock>> {
                                            auto lock = jobs::RootLock::acquire(fixture.root());
                                            if (!lock) return lock.error();
                                            return std::make_shared<const jobs::RootLock>(std::move(*lock));
                                        },
                                        [](double, const CancelToken&) {}};
        return jobs::downloadModel(request, fixture.library(), tools, cancel, progress);
    }
    /// Downloads the tiny model; throws where that fails.
    jobs::ModelEntry downloaded() const {
        auto result = download(request());
        if (!result) throw std::runtime_error(result.error().message);
        return std::move(result->entry);
    }

    /// Half of the weights arrive; then somebody stops it.
    Result<jobs::DownloadResult> stopped(const jobs::DownloadRequest& request) {
        hub.fault = [this](const ServedRequest& asked) -> std::optional<ServedAnswer> {
            if (asked.target.find(HubServer::kSignature) == std::string::npos) return std::nullopt;
            ServedAnswer answer{fileAnswer(asked, hub.models[kTinyId].files["model.safetensors"])};
            answer.bytes.resize(answer.bytes.size() / 2);
            answer.then = ServedAnswer::Then::Silence;
            return answer;
        };
        const CancelToken cancel;
        const std::uint64_t enough = hub.models[kTinyId].files["model.safetensors"].size() / 4;
        auto result = download(request, systemFiles(), cancel, [&](const Progress& now) {
            if (now.done > enough) cancel.cancel();
        });
        hub.fault = {};
        return result;
    }

    std::filesystem::path partial() const {
        return fixture.root().models() / "smollm2" / ".downloading-135m-instruct";
    }
    std::size_t requests() const { return hub.hubRequests().size() + hub.storeRequests().size(); }

    LibraryFixture fixture;
    HubServer hub;
};

inline QByteArray told(const Error& error) {
    return QByteArray::fromStdString(std::string(error.code.text) + " " + error.message + " " + error.detail);
}

} // namespace llamahome::testing
