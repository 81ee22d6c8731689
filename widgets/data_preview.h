// DataPreview: a look inside the data: counts, lengths, first problems, one row as trained. GUI thread.
#pragma once

#include <QDialog>

#include "managers/training_setup.h"

class QLabel;
class QTableWidget;
class QTabWidget;

namespace llamahome::widgets {

class LengthHistogram;
class TrainedRowView;

class DataPreview final : public QDialog {
    Q_OBJECT

public:
    DataPreview(const jobs::DataReport& report, const QStringList& files, int maxLength,
                QWidget* parent = nullptr);

private:
    QWidget* makeFacts(const jobs::DataReport& report);
    QWidget* makeLengths(const jobs::DataReport& report, int maxLength);
    QWidget* makeProblems(const jobs::DataReport& report);
    QWidget* makeRow(const jobs::DataReport& report);
};

} // namespace llamahome::widgets
