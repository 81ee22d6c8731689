// PlaceList: the folders that hold models, a line each: the room that is free there, or that its drive is
// away. GUI thread.
#pragma once

#include <QWidget>

#include "managers/model_manager.h"

class QVBoxLayout;

namespace llamahome::widgets {

class PlaceList final : public QWidget {
    Q_OBJECT

public:
    /// Follows each reading of the library. `manager` outlives it.
    explicit PlaceList(const managers::ModelManager& manager, QWidget* parent = nullptr);

private:
    void showPlaces();

    const managers::ModelManager& m_manager;
    QVBoxLayout* m_lines;
    QStringList m_shown; ///< what the lines say
};

} // namespace llamahome::widgets
