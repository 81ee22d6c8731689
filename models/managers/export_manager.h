// ExportManager: models and adapters written for other programs, as the window asks for it. A QObject; GUI
// thread.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QObject>
#include <QString>
#include <QStringList>

#include "jobs/export/export_model.h"
#include "managers/manager_context.h"
#include "managers/model_manager.h"

namespace llamahome::managers {

/// One way to take a model or adapter elsewhere.
struct ExportForm {
    jobs::ExportFormat format = jobs::ExportFormat::Hub;
    QString title;         ///< for the chooser
    QString word;          ///< of --format
    QString ending;        ///< of a file, ".gguf"; empty: a folder
    bool isPacked = false; ///< has a type
};

struct ExportWish {
    QString name; ///< of a model or adapter
    jobs::ExportFormat format = jobs::ExportFormat::Hub;
    QString type; ///< "Q8_0", where the form is packed
    QString target;
};

/// What an export would be.
struct ExportForecast {
    quint64 bytes = 0;
    std::optional<Error> target; ///< why the target cannot be written; nothing where it can
};

class ExportManager final : public QObject {
    Q_OBJECT

public:
    /// Both outlive it.
    ExportManager(ManagerContext& context, const ModelManager& models, QObject* parent = nullptr);

    /// What there is for that model or adapter, the most asked for first.
    std::vector<ExportForm> forms(const QString& name) const;
    /// The types of a packed form, the largest files first.
    static QStringList types();

    /// Reads the heads of the files and looks at the target; forecasted() or refused() follows, of the last
    /// wish only.
    void forecast(const ExportWish& wish);
    /// The same before start(), which follows by itself where nothing speaks against it: then started()
    /// comes, else refused().
    void startChecked(const ExportWish& wish);
    /// Ends with exported(), or with the job's error.
    Job* start(const ExportWish& wish);
    /// The same for a shell.
    QString command(const ExportWish& wish) const;

Q_SIGNALS:
    void forecasted(const llamahome::managers::ExportForecast& forecast);
    void refused(const llamahome::Error& error);
    void started(llamahome::managers::Job* job);
    void exported(const llamahome::managers::Job* job, const llamahome::jobs::ExportResult& result);

private:
    void ask(const ExportWish& wish, std::function<void(const Result<ExportForecast>&)> then);

    ManagerContext& m_context;
    const ModelManager& m_models;
    quint64 m_asked = 0; ///< forecasts so far: an older one that arrives later is dropped
};

} // namespace llamahome::managers
