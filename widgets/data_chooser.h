// DataChooser: the data files of a run: recent ones, samples, or any. GUI thread.
#pragma once

#include <QComboBox>
#include <QStringList>

#include "managers/training_setup.h"
#include "widgets/window_memory.h"

namespace llamahome::widgets {

/// Several files are one choice. What was chosen goes to the top of the recent ones.
class DataChooser final : public QComboBox {
    Q_OBJECT

public:
    /// Keeps recent files under `key`.
    DataChooser(managers::TrainingSetup& setup, WindowMemory& memory, const QString& key,
                QWidget* parent = nullptr);

    void choose(const QStringList& paths);
    /// Asks for files; what is chosen there is chosen here.
    void browse();
    /// Opens the table in which data is written; what is saved there is chosen here.
    void write();

private:
    static constexpr int kRecent = 8;

    void rebuild();
    void takeChoice(int index);
    QStringList recent() const;
    void addChoice(const QStringList& paths, const QString& note);

    managers::TrainingSetup& m_setup;
    WindowMemory& m_memory;
    QString m_key;
};

} // namespace llamahome::widgets
