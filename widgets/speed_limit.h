// SpeedLimit: the setting of that name, where downloads are looked at. GUI thread.
#pragma once

#include <QWidget>

#include "managers/settings_manager.h"

namespace llamahome::widgets {

/// A change is saved at once and holds for what is being received.
class SpeedLimit final : public QWidget {
    Q_OBJECT

public:
    /// `settings` outlives it.
    explicit SpeedLimit(managers::SettingsManager& settings, QWidget* parent = nullptr);

Q_SIGNALS:
    /// It was not saved.
    void failed(const llamahome::Error& error);
};

} // namespace llamahome::widgets
