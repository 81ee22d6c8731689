// A person at the window, from the first start on: clicks, keys and drops on what is visible, each waited
// for. Ends the test with a word where something does not come. GUI thread.
#pragma once

#include <filesystem>
#include <functional>

#include <QString>

#include "support/window_ground.h"

class QAbstractButton;

namespace llamahome::testing {

class WindowWay {
public:
    /// With the real engine of the library in `engineFolder`.
    explicit WindowWay(const std::filesystem::path& engineFolder);

    /// Where a wait may be for real work: loading, training, answering.
    static constexpr int kWorkMs = 600'000;

    /// The visible, enabled widget of that name, which may take a while to come.
    template <typename Type>
    Type& shown(const char* name, int patienceMs = kPatienceMs) const {
        return dynamic_cast<Type&>(shownWidget(name, patienceMs));
    }
    QWidget& shownWidget(const char* name, int patienceMs = kPatienceMs) const;
    void click(const char* name, int patienceMs = kPatienceMs) const;
    /// Tab until the widget of that name has the focus; then the key, typed into it.
    void tabTo(const char* name, int patienceMs = kPatienceMs) const;
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) const;
    /// Keys for the widget of that name.
    void type(const char* name, const QString& text) const;
    /// Waits for a condition; `what` is told where it does not come.
    void await(const char* what, const std::function<bool()>& condition, int patienceMs = kPatienceMs) const;

    void awaitTraining(managers::TrainingState state) const;
    void awaitModel(const QString& name) const;
    /// What the newest answer in the chat shows, when it has ended.
    QString awaitAnswer() const;
    /// `name`.png of the window, and of what lies over it, in the folder LLAMAHOME_TEST_PICTURES; nothing
    /// where that is not set.
    void picture(const char* name) const;

    managers::Session& session() { return *m_ground.session; }
    widgets::MainWindow& window() const { return const_cast<widgets::MainWindow&>(*m_ground.window); }
    WindowGround& ground() { return m_ground; }

private:
    WindowGround m_ground;
};

} // namespace llamahome::testing
