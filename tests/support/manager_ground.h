// A workspace on a temporary root with the shipped settings, a tiny model beside it, a fake engine, and files
// that are guarded against the GUI thread: what tests of managers and panes need. GUI thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "managers/manager_context.h"
#include "support/fake_engine.h"
#include "support/gui_guard_files.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

namespace llamahome::testing {

/// Waited for, where nothing slow happens but the machine is busy.
inline constexpr int kPatienceMs = 30'000;

class ManagerGround {
public:
    ManagerGround();

    managers::Workspace workspace();
    std::filesystem::path root() const { return m_folder / "root"; }
    std::filesystem::path source() const { return m_folder / "tiny"; }   ///< a model folder, not installed
    std::filesystem::path config() const { return m_folder / "config"; } ///< the user's settings; not made
    std::filesystem::path folder() const { return m_folder.path(); }
    std::filesystem::path installed() const { return root() / "data/models/smollm2/135m-instruct"; }
    /// The tiny model under that name, by the job itself, before any manager is there.
    void install();

    /// Added to the environment of workspace(), which has HOME only.
    config::Environment variables;
    FakeEngine engine;
    /// Opens another engine in its place, where it is set before workspace() is called.
    std::function<Result<std::unique_ptr<engine::Engine>>()> openEngine;
    GuiGuardFiles files;

private:
    TemporaryFolder m_folder;
};

} // namespace llamahome::testing
