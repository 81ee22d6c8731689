// The training page in a window of its own, over the fake engine. GUI thread.
#pragma once

#include <functional>
#include <memory>

#include <QAbstractButton>
#include <QApplication>
#include <QLabel>
#include <QTest>

#include "support/run_ground.h"
#include "widgets/charts/metric_chart.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/training_pane.h"

namespace llamahome::testing {

/// The pane in a window of its own.
struct TrainingPage {
    RunGround run;
    widgets::WindowMemory memory{{}};
    std::unique_ptr<widgets::TrainingPane> pane;

    explicit TrainingPage(int badRows = 0)
        : run(badRows) {
        open();
    }
    ~TrainingPage() {
        run.gate.open();
        if (!run.ground.files.violations().empty())
            qFatal("on the GUI thread: %s", run.ground.files.violations().front().c_str());
    }
    void open() {
        pane = std::make_unique<widgets::TrainingPane>(*run.training, *run.models, memory);
        pane->resize(1024, 640);
        pane->show();
        QApplication::setActiveWindow(pane.get());
        if (!QTest::qWaitForWindowActive(pane.get())) qFatal("no window");
    }

    template <typename Widget>
    Widget& find(const char* name) const {
        auto* found = pane->findChild<Widget*>(QString::fromLatin1(name));
        if (found == nullptr) qFatal("no '%s' on the page", name);
        return *found;
    }
    /// A button that is there, or comes within a while.
    void click(const char* name) const {
        QAbstractButton* button = nullptr;
        const bool came = QTest::qWaitFor(
            [&] {
                button = pane->findChild<QAbstractButton*>(QString::fromLatin1(name));
                return button != nullptr && button->isVisible() && button->isEnabled();
            },
            kPatienceMs);
        if (!came) qFatal("'%s' cannot be clicked", name);
        QTest::mouseClick(button, Qt::LeftButton);
    }
    /// Starts the short run of six steps, which then waits before that one.
    bool startsAndHoldsBefore(std::int64_t step) {
        run.chooseShortRun();
        if (!run.comesTo(managers::TrainingState::Ready)) return false;
        run.gate.holdBefore(step);
        click("startButton");
        return run.comesTo(managers::TrainingState::Running) && run.holds();
    }
    bool isShown(const char* name) const { return find<QWidget>(name).isVisible(); }
    QString text(const char* name) const { return find<QLabel>(name).text(); }
    QString message() const { return pane->findChild<widgets::MessageBar*>()->text(); }
    /// For looking at: kept where LLAMAHOME_TEST_PICTURES names a folder.
    void picture(const char* name) const {
        const QString folder = qEnvironmentVariable("LLAMAHOME_TEST_PICTURES");
        if (folder.isEmpty()) return;
        QTest::qWait(0);
        pane->grab().save(folder + QLatin1Char('/') + QLatin1String(name) + QStringLiteral(".png"));
    }
    widgets::MetricChart& chart() const { return find<widgets::MetricChart>("lossChart"); }
};

inline bool eventually(const std::function<bool()>& condition) {
    return QTest::qWaitFor(condition, kPatienceMs);
}

inline void applyTestTheme() {
    const int theme = qEnvironmentVariableIntValue("LLAMAHOME_TEST_THEME");
    widgets::look::applyTheme(widgets::look::themeFromKept(theme));
}

} // namespace llamahome::testing
