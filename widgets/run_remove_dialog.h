// RunRemoveDialog: names the files and bytes of a run before they are deleted. GUI thread.
#pragma once

#include <QDialog>

#include "managers/run_manager.h"

namespace llamahome::widgets {

/// Accepted: the user wants the plan carried out.
class RunRemoveDialog final : public QDialog {
    Q_OBJECT

public:
    RunRemoveDialog(const jobs::RunRemovalPlan& plan, bool hasAdapter, QWidget* parent);
};

} // namespace llamahome::widgets
