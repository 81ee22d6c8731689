// A home with a tiny model and sixty questions, and the commands to train on them: what tests of the whole
// program need. One thread.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <QTest>

#include "core/file_layer.h"
#include "core/json.h"
#include "program_text.h"
#include "support/program_runner.h"
#include "support/tiny_model.h"

namespace llamahome::testing {

class TinyHome {
public:
    TinyHome()
        : m_runner(QStringLiteral(LLAMAHOME_BINARY)) {
        writeTinyModel(m_runner.home() / "tiny");
        std::string rows;
        for (int i = 0; i < 60; ++i)
            rows += writeJsonLine(Json{
                        {"question", "What is " + std::to_string(i) + " plus one?"},
                        {"answer", "It is " + std::to_string(i + 1) + ".\n#### " + std::to_string(i + 1)}}) +
                    "\n";
        if (auto written = writeFileAtomically(systemFiles(), data(), rows); !written)
            throw std::runtime_error(written.error().message);
        const ProgramResult imported =
            m_runner.run({QStringLiteral("import"), text(m_runner.home() / "tiny"), QStringLiteral("--as"),
                          QStringLiteral("smollm2"), QStringLiteral("135m-instruct")});
        if (imported.code != 0) throw std::runtime_error(imported.err);
    }

    const ProgramRunner& runner() const { return m_runner; }
    std::filesystem::path data() const { return m_runner.home() / "rows.jsonl"; }
    std::filesystem::path runFolder(const QString& name) const {
        return m_runner.root() / "data/training/checkpoints" / name.toStdString();
    }
    std::filesystem::path adapter(const char* name) const {
        return m_runner.root() / "data/models/finetuned" / name;
    }

    QStringList trainWords(const QString& name, const QStringList& more = {}) const {
        return QStringList{QStringLiteral("--json"),          QStringLiteral("train"),
                           QStringLiteral("smollm2"),         QStringLiteral("135m-instruct"),
                           QStringLiteral("--data"),          text(data()),
                           QStringLiteral("--name"),          name,
                           QStringLiteral("--max-length"),    QStringLiteral("128"),
                           QStringLiteral("--learning-rate"), QStringLiteral("0.01")} +
               more;
    }

private:
    ProgramRunner m_runner;
};

inline QStringList shortRun() {
    return {QStringLiteral("--max-steps"), QStringLiteral("8")};
}

/// A run long enough to be interrupted wherever the test wants.
inline QStringList longRun() {
    return {QStringLiteral("--max-steps"),      QStringLiteral("60"),
            QStringLiteral("--eval-steps"),     QStringLiteral("5"),
            QStringLiteral("--early-stopping"), QStringLiteral("off")};
}

/// Waits until the run's metrics have that many lines.
inline bool waitForMetrics(QProcess& process, const std::filesystem::path& runFolder, int lines) {
    return QTest::qWaitFor(
        [&] {
            if (process.state() == QProcess::NotRunning) return true;
            const auto content = readFile(runFolder / "metrics.jsonl");
            return content && std::count(content->begin(), content->end(), '\n') >= lines;
        },
        120'000);
}

} // namespace llamahome::testing
