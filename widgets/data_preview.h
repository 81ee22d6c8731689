// DataPreview: a look inside the data: counts, lengths, first problems, any row as trained. GUI thread.
#pragma once

#include <QDialog>

#include "managers/row_pages.h"
#include "managers/training_setup.h"

class QLabel;
class QSpinBox;
class QTableWidget;
class QTabWidget;

namespace llamahome::widgets {

class LengthHistogram;
class TrainedRowView;

class DataPreview final : public QDialog {
    Q_OBJECT

public:
    /// What is found in the data that `setup` has chosen and looked at; `pages` of it are its own from now
    /// on.
    DataPreview(const managers::TrainingSetup& setup, managers::RowPages& pages, QWidget* parent = nullptr);

private:
    QWidget* makeFacts(const jobs::DataReport& report);
    QWidget* makeLengths(const jobs::DataReport& report, int maxLength);
    QWidget* makeProblems(const jobs::DataReport& report);
    QWidget* makeRow(const jobs::DataReport& report);
    void showRow(const jobs::ShownRow& row);

    managers::RowPages* m_pages;
    QSpinBox* m_number = nullptr;
    QLabel* m_place = nullptr;
    TrainedRowView* m_row = nullptr;
};

} // namespace llamahome::widgets
