#include "support/manager_ground.h"

#include <stdexcept>

#include "jobs/import/import_model.h"

namespace llamahome::testing {

ManagerGround::ManagerGround() {
    const MayBlock here;
    writeTinyModel(source());
}

managers::Workspace ManagerGround::workspace() {
    const MayBlock here;
    managers::Workspace workspace;
    workspace.root = {root()};
    workspace.shipped = {LLAMAHOME_SOURCE_DIR};
    auto catalog = config::Catalog::load(workspace.shipped.catalog());
    if (!catalog) throw std::runtime_error(catalog.error().message);
    workspace.catalog = std::move(*catalog);
    workspace.environment = variables;
    workspace.environment["HOME"] = m_folder.path().string();
    workspace.userConfigFolder = config();
    workspace.files = &files;
    workspace.openEngine = [this]() -> Result<std::unique_ptr<engine::Engine>> {
        if (openEngine) return openEngine();
        return std::unique_ptr<engine::Engine>(std::make_unique<FakeEngine>(engine));
    };
    workspace.programVersion = "0.1.0";
    return workspace;
}

void ManagerGround::install() {
    const MayBlock here;
    const managers::Workspace place = workspace();
    const auto lock = jobs::RootLock::acquire(place.root);
    if (!lock) throw std::runtime_error(lock.error().message);
    const auto imported = jobs::importModel({source(), "smollm2", "135m-instruct", false}, *lock,
                                            place.catalog, systemFiles(), {}, {});
    if (!imported) throw std::runtime_error(imported.error().message);
}

} // namespace llamahome::testing
