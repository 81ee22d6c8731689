#include "managers/row_pages.h"

#include <utility>

#include "core/error_codes.h"
#include "managers/run_job.h"

namespace llamahome::managers {

RowPages::RowPages(ManagerContext& context, std::vector<std::filesystem::path> files,
                   std::filesystem::path modelFolder, config::Settings settings, QObject* parent)
    : QObject(parent)
    , m_context(context)
    , m_desk(std::make_shared<Desk>(
          Desk{std::move(files), std::move(modelFolder), std::move(settings), std::nullopt})) {}

RowPages::~RowPages() {
    m_cancel.cancel();
}

void RowPages::show(quint64 number) {
    if (!m_isLooking) return begin(number);
    m_wanted = number;
    m_cancel.cancel();
}

RowPages::Found RowPages::look(Desk& desk, std::uint64_t number, const CancelToken& cancel) {
    if (!desk.rows) {
        auto rows = jobs::RowBrowser::open(desk.files, desk.modelFolder, desk.settings);
        if (!rows) return rows.error();
        desk.rows.emplace(std::move(*rows));
    }
    auto row = desk.rows->row(number, cancel);
    if (!row && row.error().code != codes::kCancelled) desk.rows.reset();
    return row;
}

void RowPages::begin(quint64 number) {
    m_isLooking = true;
    m_cancel = CancelToken();
    runTask<Found>(
        m_context.filePool, m_context.jobs,
        [desk = m_desk, number, cancel = m_cancel] { return look(*desk, number, cancel); }, this,
        [this](const Found& found) { take(found); });
}

void RowPages::take(const Found& found) {
    m_isLooking = false;
    if (const auto wanted = std::exchange(m_wanted, std::nullopt)) return begin(*wanted);
    if (!found)
        Q_EMIT failed(found.error());
    else if (*found)
        Q_EMIT shown(**found);
}

} // namespace llamahome::managers
