// A real MainWindow over a temporary root, with the fake engine or a real one, and files that are guarded
// against the GUI thread. GUI thread; QApplication is there.
#pragma once

#include <functional>
#include <optional>

#include <QString>

#include "managers/session.h"
#include "support/manager_ground.h"
#include "widgets/main_window.h"
#include "widgets/window_memory.h"

namespace llamahome::testing {

/// Members may be used in any order; the window goes before the session.
struct WindowGround {
    using OpenEngine = decltype(ManagerGround::openEngine);

    /// `isInstalled`: the tiny model is there as smollm2/135m-instruct. `openEngine`: instead of the fake
    /// one.
    explicit WindowGround(bool isInstalled = false, OpenEngine openEngine = {});
    ~WindowGround();

    /// Makes session and window and waits until it is active and the list of models is there. Again after
    /// close(): a second start with the same memory and root.
    void open();
    void close();

    /// A widget or action of the window by its object name; ends the test where it is missing.
    template <typename Type>
    Type& find(const char* name) const {
        auto* found = window->findChild<Type*>(QString::fromLatin1(name));
        if (found == nullptr) qFatal("no '%s' in the window", name);
        return *found;
    }
    /// The same, waited for: dialogs come some time later.
    template <typename Type>
    Type& await(const char* name) const {
        waitFor([&] {
            const auto* found = window->findChild<Type*>(QString::fromLatin1(name));
            return found != nullptr && found->isVisible();
        });
        return find<Type>(name);
    }
    /// A button, clicked by its object name.
    void click(const char* name) const;
    /// Keys as typed into whatever has the focus.
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) const;
    /// Files dropped on the middle of the window.
    void drop(const QStringList& paths) const;
    /// Waits; false after kPatienceMs.
    static bool waitFor(const std::function<bool()>& condition);

    ManagerGround ground;
    widgets::WindowMemory memory{{}};
    std::optional<managers::Session> session;
    std::optional<widgets::MainWindow> window;
};

} // namespace llamahome::testing
