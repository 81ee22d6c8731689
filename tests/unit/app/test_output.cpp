// What becomes of the events of a long job when nobody reads them.
#include <array>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <QTest>

#include "app/output.h"

using namespace llamahome;
using namespace llamahome::app;

namespace {

/// A pipe of one page.
struct NarrowPipe {
    NarrowPipe() {
        if (::pipe(ends.data()) != 0) qFatal("no pipe");
        ::fcntl(ends[0], F_SETPIPE_SZ, 4096);
        ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
        file = ::fdopen(ends[1], "w");
    }
    ~NarrowPipe() {
        std::fclose(file);
        ::close(ends[0]);
    }
    /// All that lies in it now.
    std::string drained() const {
        std::string text;
        std::array<char, 4096> bytes{};
        for (ssize_t count = 0; (count = ::read(ends[0], bytes.data(), bytes.size())) > 0;)
            text.append(bytes.data(), static_cast<std::size_t>(count));
        return text;
    }

    std::array<int, 2> ends{};
    std::FILE* file = nullptr;
};

} // namespace

class TestOutput final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aReaderThatStopsHoldsUpNoJob() {
        const NarrowPipe pipe;
        Output output(pipe.file, pipe.file, /*patienceMs=*/1);
        output.setJson(true);
        for (int step = 0; step < 1000; ++step)
            output.event(Json{{"kind", "train"}, {"step", step}});
        QVERIFY(output.eventsLeftOut() > 0);
        const std::string text = pipe.drained();
        const auto lines = QString::fromStdString(text).split(u'\n', Qt::SkipEmptyParts);
        QCOMPARE(static_cast<std::uint64_t>(lines.size()) + output.eventsLeftOut(), std::uint64_t{1000});
        for (const QString& line : lines)
            QVERIFY2(parseJson(line.toStdString(), "line"), qPrintable(line));
        output.event(Json{{"kind", "train"}, {"step", 1000}}); // it reads again
        QCOMPARE(pipe.drained(), std::string("{\"kind\":\"train\",\"step\":1000}\n"));
    }

    void messagesThatNobodyReadsAreLeftOut() {
        const NarrowPipe pipe;
        Output output(stdout, pipe.file, /*patienceMs=*/1);
        for (int i = 0; i < 1000; ++i)
            output.message("training 5 of 1000 steps");
        const std::string text = pipe.drained();
        QVERIFY(text.ends_with("steps\n"));
        output.message("once more");
        QCOMPARE(pipe.drained(), std::string("once more\n"));
    }

    void commandsThatAreAdvisedNameTheRoot() {
        Output output(stdout, stderr);
        QCOMPARE(output.typed("llamahome resume r"), std::string("llamahome resume r"));
        output.setRootWords({"--root", "/my data"});
        QCOMPARE(output.typed("llamahome resume r"), std::string("llamahome --root '/my data' resume r"));
        QCOMPARE(output.typed("llama-cli -m x"), std::string("llama-cli -m x"));
        QCOMPARE(output.typed("llamahome"), std::string("llamahome"));
        QCOMPARE(output.advised("see `llamahome runs` or `--name`; llamahome runs"),
                 std::string("see `llamahome --root '/my data' runs` or `--name`; llamahome runs"));
        QCOMPARE(output.advised("no `end, `llamahome runs"), std::string("no `end, `llamahome runs"));
        QCOMPARE(output.advised(""), std::string());
        output.setRootWords({});
        QCOMPARE(output.advised("`llamahome runs`"), std::string("`llamahome runs`"));
    }
};

QTEST_GUILESS_MAIN(TestOutput)
#include "test_output.moc"
