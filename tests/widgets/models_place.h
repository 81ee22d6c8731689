// The Models page in a window of its own, over a temporary root. GUI thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <QApplication>
#include <QDialog>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTest>

#include "managers/text.h"
#include "support/manager_ground.h"
#include "widgets/model_details.h"
#include "widgets/models_pane.h"
#include "widgets/window_memory.h"

namespace llamahome::testing {

inline const QString kName = QStringLiteral("smollm2/135m-instruct");

struct ModelsPlace {
    explicit ModelsPlace(bool isInstalled = false) {
        if (isInstalled) ground.install();
        open(ground.workspace());
    }
    explicit ModelsPlace(const jobs::DataRoot& root) {
        managers::Workspace workspace = ground.workspace();
        workspace.root = root;
        open(workspace);
    }
    explicit ModelsPlace(const managers::Workspace& workspace) { open(workspace); }
    void open(const managers::Workspace& workspace) {
        context.emplace(workspace);
        manager.emplace(*context);
        exports.emplace(*context, *manager);
        pane.emplace(*manager, *exports, context->jobs, memory);
        pane->resize(1024, 640);
        pane->show();
        QApplication::setActiveWindow(&*pane);
        if (!QTest::qWaitForWindowActive(&*pane)) qFatal("no window");
        if (!QTest::qWaitFor([this] { return manager->isListed(); }, kPatienceMs)) qFatal("no list came");
    }
    ~ModelsPlace() {
        if (!ground.files.violations().empty())
            qFatal("on the GUI thread: %s", ground.files.violations().front().c_str());
    }

    template <typename Widget>
    Widget* find(const char* name) {
        return pane->findChild<Widget*>(QString::fromLatin1(name));
    }
    void take(const std::filesystem::path& path) { pane->importPath(managers::pathToQt(path)); }
    /// The dialog of that name once it is there.
    QDialog* dialog(const char* name) {
        QDialog* found = nullptr;
        const auto isShown = [&] {
            found = find<QDialog>(name);
            return found != nullptr && found->isVisible();
        };
        if (!QTest::qWaitFor(isShown, kPatienceMs)) qFatal("no %s", name);
        return found;
    }

    /// Asks the chosen model's menu to verify it.
    QDialog* openVerify() {
        find<widgets::ModelDetails>("modelDetails")->menu()->actions().at(0)->trigger();
        return dialog("verifyDialog");
    }

    ManagerGround ground;
    widgets::WindowMemory memory{{}};
    std::optional<managers::ManagerContext> context;
    std::optional<managers::ModelManager> manager;
    std::optional<managers::ExportManager> exports;
    std::optional<widgets::ModelsPane> pane;
};

template <typename Widget>
Widget* in(QWidget* parent, const char* name) {
    return parent->findChild<Widget*>(QString::fromLatin1(name));
}

inline QString textOf(QWidget* parent, const char* name) {
    return in<QLabel>(parent, name)->text();
}

inline void click(QWidget* parent, const char* name) {
    QTest::mouseClick(in<QPushButton>(parent, name), Qt::LeftButton);
}

/// Past the file layer, which watches this thread.
inline std::string contentOf(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void cutInHalf(const std::filesystem::path& path) {
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
}

} // namespace llamahome::testing
