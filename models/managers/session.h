// Session: everything that a window is bound to, in the order of need. A value with an address; GUI thread.
#pragma once

#include <utility>

#include <QObject>

#include "managers/awake_keeper.h"
#include "managers/chat_manager.h"
#include "managers/cuda_manager.h"
#include "managers/diagnostics_writer.h"
#include "managers/download_manager.h"
#include "managers/export_manager.h"
#include "managers/log_store.h"
#include "managers/manager_context.h"
#include "managers/memory_watch.h"
#include "managers/model_manager.h"
#include "managers/run_manager.h"
#include "managers/settings_manager.h"
#include "managers/token_manager.h"
#include "managers/training_manager.h"
#include "managers/training_queue.h"

namespace llamahome::managers {

/// The destructor asks every job to stop and waits for those that run.
struct Session {
    explicit Session(Workspace place)
        : context(std::move(place))
        , awake(context.jobs)
        , log(*context.workspace.clock)
        , settings(context)
        , downloads(context, settings)
        , cuda(context, settings)
        , tokens(context, settings)
        , models(context)
        , exports(context, models)
        , runs(context)
        , training(context, models, settings)
        , chat(context, models, settings)
        , diagnostics(context, log) {
        QObject::connect(&settings, &SettingsManager::settingsChanged, &models, &ModelManager::refresh);
        QObject::connect(&models, &ModelManager::listRead, &downloads, &DownloadManager::refresh);
        QObject::connect(&runs, &RunManager::renamed, &training, &TrainingManager::takeNewName);
        QObject::connect(&runs, &RunManager::renamed, &models, &ModelManager::refresh);
    }
    ~Session() { cancelAll(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Asks every job to stop in order, and begins no other of the queue; they end in their own time.
    void cancelAll() {
        training.queue().hold();
        for (Job* job : context.jobs.activeJobs())
            job->cancel();
    }

    ManagerContext context;
    AwakeKeeper awake;
    LogStore log;
    MemoryWatch memory;
    SettingsManager settings;
    DownloadManager downloads;
    CudaManager cuda;
    TokenManager tokens;
    ModelManager models;
    ExportManager exports;
    RunManager runs;
    TrainingManager training;
    ChatManager chat;
    DiagnosticsWriter diagnostics;
};

} // namespace llamahome::managers
