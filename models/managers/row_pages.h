// RowPages: leafs through the rows of data files, as a window shows them. A QObject; GUI thread, files are
// read on the file pool.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <QObject>

#include "jobs/train/row_browser.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

/// One row is looked up at a time: of wishes that come meanwhile the last one counts.
class RowPages final : public QObject {
    Q_OBJECT

public:
    /// What is looked at, and as which model is trained on it. `context` outlives it.
    RowPages(ManagerContext& context, std::vector<std::filesystem::path> files,
             std::filesystem::path modelFolder, config::Settings settings, QObject* parent = nullptr);
    ~RowPages() override;

    /// shown() or failed() follows, unless another row is asked for before. Rows count from 1.
    void show(quint64 number);

Q_SIGNALS:
    void shown(const llamahome::jobs::ShownRow& row);
    /// The files are others than before, or cannot be read any more.
    void failed(const llamahome::Error& error);

private:
    /// What the tasks work with, one after the other.
    struct Desk {
        std::vector<std::filesystem::path> files;
        std::filesystem::path modelFolder;
        config::Settings settings;
        std::optional<jobs::RowBrowser> rows; ///< opened when the first row is asked for
    };
    using Found = Result<std::optional<jobs::ShownRow>>;

    static Found look(Desk& desk, std::uint64_t number, const CancelToken& cancel);
    void begin(quint64 number);
    void take(const Found& found);

    ManagerContext& m_context;
    std::shared_ptr<Desk> m_desk;
    CancelToken m_cancel; ///< of the row that is looked up
    bool m_isLooking = false;
    std::optional<quint64> m_wanted;
};

} // namespace llamahome::managers
