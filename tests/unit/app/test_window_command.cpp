#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <QTest>

#include "app/window_command.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::app;

class TestWindowCommand final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anyOfThreeVariablesNamesADisplay() {
        QVERIFY(!hasDisplay({}));
        QVERIFY(!hasDisplay({{"DISPLAY", ""}}));
        QVERIFY(hasDisplay({{"DISPLAY", ":0"}}));
        QVERIFY(hasDisplay({{"WAYLAND_DISPLAY", "wayland-0"}}));
        QVERIFY(hasDisplay({{"QT_QPA_PLATFORM", "offscreen"}}));
    }

    void aFileIsOpenedAndAMistypedCommandIsNot() {
        const testing::TemporaryFolder folder;
        std::ofstream(folder / "m.gguf") << "x";
        QVERIFY(isOpenablePath((folder / "m.gguf").string()));
        QVERIFY(isOpenablePath(folder.path().string()));
        QVERIFY(!isOpenablePath((folder / "gone.gguf").string()));
        QVERIFY(!isOpenablePath("trian"));
        QVERIFY(!isOpenablePath("--root=/"));
        QVERIFY(!isOpenablePath(""));
    }

    void theWindowGetsTheOptionsAndWholePaths() {
        GlobalOptions options;
        options.root = "/r oot";
        options.sets = {"model.threads=2"};
        const auto words = windowWords(options, {"a.gguf"});
        const std::vector<std::string> expected{"--root", "/r oot", "--set", "model.threads=2",
                                                (std::filesystem::current_path() / "a.gguf").string()};
        QVERIFY(words == expected);
    }
};

QTEST_GUILESS_MAIN(TestWindowCommand)
#include "test_window_command.moc"
