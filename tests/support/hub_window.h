// A window whose Hub is one on loopback with the tiny model in it. GUI thread.
#pragma once

#include <atomic>
#include <string>

#include <QString>

#include "core/blocking.h"
#include "support/hub_server.h"
#include "support/window_ground.h"
#include "support/window_picture.h"

namespace llamahome::testing {

struct HubWindow {
    static constexpr const char* kTinyId = "HuggingFaceTB/SmolLM2-135M-Instruct";
    static inline const QString kTiny = QStringLiteral("smollm2/135m-instruct");

    HubWindow() {
        window.close();
        if (takesPictures()) applyPictureTheme();
        {
            const MayBlock here;
            hub.addFolder(kTinyId, window.ground.source());
        }
        window.ground.variables["HF_ENDPOINT"] = hub.endpoint();
        hub.fault = [this](const ServedRequest& request) { return silentAnswer(request); };
        window.open();
    }
    ~HubWindow() { window.session->cancelAll(); }
    HubWindow(const HubWindow&) = delete;
    HubWindow& operator=(const HubWindow&) = delete;

    /// See takePicture().
    void picture(const char* name) const {
        takePicture(const_cast<widgets::MainWindow&>(*window.window), name);
    }

    bool isReady(const QString& name = kTiny) const {
        const auto entry = window.session->models.find(name);
        return entry && entry->isUsable();
    }
    /// Puts it into the queue, past the sheet.
    quint64 start(const QString& name = kTiny) { return window.session->downloads.start({name}); }
    managers::DownloadState stateOf(quint64 id) const {
        const managers::DownloadItem* item = window.session->downloads.find(id);
        return item == nullptr ? managers::DownloadState::Failed : item->state;
    }
    bool awaitState(quint64 id, managers::DownloadState state) const {
        return WindowGround::waitFor([&] { return stateOf(id) == state; });
    }
    /// A download that has begun and gets no further while isSilent.
    quint64 startSilent(const QString& name = kTiny) {
        isSilent = true;
        const std::size_t before = hub.storeRequests().size();
        const quint64 id = start(name);
        if (!WindowGround::waitFor([&] { return hub.storeRequests().size() > before; }))
            qFatal("it did not begin");
        return id;
    }

    HubServer hub;
    WindowGround window;
    std::atomic<bool> isSilent = false; ///< large files say nothing after their head

private:
    std::optional<ServedAnswer> silentAnswer(const ServedRequest& request) const {
        if (!isSilent || request.target.find(HubServer::kSignature) == std::string::npos) return std::nullopt;
        const std::string& weights = hub.models.at(kTinyId).files.at("model.safetensors");
        return ServedAnswer{"HTTP/1.1 200 -\r\nContent-Length: " + std::to_string(weights.size()) +
                                "\r\n\r\n",
                            ServedAnswer::Then::Silence};
    }
};

} // namespace llamahome::testing
