// SpeedTrial: measures how fast a run would be, when somebody asks for it. A QObject; GUI thread, the work is
// on the engine thread.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <QObject>
#include <QPointer>
#include <QString>

#include "jobs/train/forecast.h"
#include "jobs/train/train_rate.h"
#include "managers/job.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

/// Remembers the last rate and for what it was measured.
class SpeedTrial final : public QObject {
    Q_OBJECT

public:
    /// `context` outlives it.
    explicit SpeedTrial(ManagerContext& context, QObject* parent = nullptr);
    ~SpeedTrial() override;

    struct Wish {
        std::string key;                       ///< all that the rate depends on
        std::function<jobs::TrainPlan()> plan; ///< called on the engine thread
        jobs::TrainForecast forecast;
        QString model;                ///< as in ModelEntry::name
        std::filesystem::path folder; ///< of the model, which must stay meanwhile
    };
    /// As a job behind what the engine does already. Nothing happens while another is at work.
    void begin(Wish wish);
    /// Ends it without a rate.
    void cancel();
    bool isRunning() const { return !m_job.isNull(); }
    std::optional<jobs::TrainRate> rateFor(const std::string& key) const;

Q_SIGNALS:
    /// isRunning() or the rate is another.
    void changed();
    void failed(const llamahome::Error& error);

private:
    void take(const std::string& key, const Result<jobs::TrainRate>& rate);

    ManagerContext& m_context;
    QPointer<Job> m_job;
    std::string m_key;
    std::optional<jobs::TrainRate> m_rate;
};

} // namespace llamahome::managers
