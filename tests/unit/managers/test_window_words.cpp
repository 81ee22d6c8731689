// What a shell reads, as the window says it.
#include <QTest>

#include "managers/text.h"
#include "managers/window_words.h"

using namespace llamahome;
using namespace llamahome::managers;

class TestWindowWords final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void commandsBecomePlaces_data() {
        QTest::addColumn<QString>("message");
        QTest::addColumn<QString>("shown");
        const auto add = [](const char* message, const char* shown) {
            QTest::newRow(message) << QString::fromUtf8(message) << QString::fromUtf8(shown);
        };
        add("get it with `llamahome import PATH --as local x`, or see `llamahome models`",
            "get it with “Import…” on the page Models, or see the page Models");
        add("remove it with `llamahome remove llama 3.2-1b`, or import under another name, as in `--as local "
            "NAME`",
            "remove it with “Remove…” on the page Models, or import under another name");
        add("`llamahome runs` lists them; `llamahome runs remove a-1` removes it",
            "the page Runs lists them; “Remove…” on the page Runs removes it");
        add("`llamahome config set model.data_root /x` changes it, `llamahome config show` lists all",
            "the setting “Data folder” changes it, the page Settings lists all");
        add("look with `llamahome verify MODEL --deep`, or at its structure with `llamahome verify local x`",
            "look with “Verify every byte” on the page Models, or at its structure with “Verify” on the page "
            "Models");
        add("put this one in its place with --replace", "put this one in its place with “Replace it”");
        add("free some space, or choose another disk with --root DIR",
            "free some space, or choose another disk with the setting “Data folder”");
        add("leave such rows out with --skip-bad-rows",
            "leave such rows out with the setting “Skip bad rows”");
        add("use --map prompt=prompt", "use the setting “Columns” prompt=prompt");
        add("choose one of these with --device DEVICE", "choose one of these with the setting “Device”");
        add("name them with --map FIELD=COLUMN", "name them with the setting “Columns”");
    }
    void commandsBecomePlaces() {
        QFETCH(const QString, message);
        QFETCH(const QString, shown);
        QCOMPARE(windowText(fromQt(message)), shown);
    }

    void noticesNameSettingsAsTheWindowDoes() {
        QCOMPARE(noticeText("raise training.max_length; model.safetensors and training.none stay"),
                 QStringLiteral("raise the setting “Longest row”; model.safetensors and training.none stay"));
        QCOMPARE(windowText("training.max_length"), QStringLiteral("training.max_length"));
    }

    void whatOnlyAShellCanDoStays() {
        for (const char* message : {"join them with gguf-split --merge", "go on from it with --init-adapter",
                                    "a--name/of a `file`", "`llamahome completion bash`", ""})
            QCOMPARE(windowText(message), QString::fromUtf8(message));
    }
};

QTEST_GUILESS_MAIN(TestWindowWords)
#include "test_window_words.moc"
