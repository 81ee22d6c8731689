#include "widgets/chart_saver.h"

#include <QBuffer>
#include <QFileDialog>
#include <QMenu>
#include <QPixmap>

namespace llamahome::widgets {
namespace {

QByteArray pngOf(QWidget& chart) {
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    chart.grab().save(&buffer, "PNG");
    return png;
}

QFileDialog* makeDialog(QWidget* parent, const QString& title, const QString& filter, const QString& ending,
                        const QString& name) {
    auto* dialog = new QFileDialog(parent, title);
    dialog->setObjectName(QStringLiteral("chartDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(ending);
    dialog->setNameFilters({filter, ChartSaver::tr("All files (*)")});
    dialog->selectFile(name + QLatin1Char('.') + ending);
    return dialog;
}

} // namespace

ChartSaver::ChartSaver(QWidget* parent)
    : QToolButton(parent)
    , m_name(tr("run")) {
    setObjectName(QStringLiteral("saveChart"));
    setText(tr("Sa&ve"));
    setToolTip(tr("Save the picture, or the numbers"));
    setAccessibleName(tr("Save the picture or the numbers"));
    setToolButtonStyle(Qt::ToolButtonTextOnly);
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::StrongFocus);
    auto* menu = new QMenu(this);
    m_picture = menu->addAction(tr("&Picture (PNG)…"), this, &ChartSaver::askForPicture);
    m_picture->setObjectName(QStringLiteral("savePicture"));
    QAction* numbers = menu->addAction(tr("&Numbers (CSV)…"), this, &ChartSaver::askForNumbers);
    numbers->setObjectName(QStringLiteral("saveNumbers"));
    setMenu(menu);
    setChart(nullptr);
}

void ChartSaver::setChart(QWidget* chart) {
    m_chart = chart;
    m_picture->setEnabled(chart != nullptr);
}

void ChartSaver::askForPicture() {
    if (!m_chart) return;
    auto* dialog = makeDialog(this, tr("Save the picture"), tr("PNG (*.png)"), QStringLiteral("png"), m_name);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this, png = pngOf(*m_chart)](const QString& path) { Q_EMIT pictureWanted(path, png); });
    dialog->open();
}

void ChartSaver::askForNumbers() {
    auto* dialog = makeDialog(this, tr("Save the numbers"), tr("CSV (*.csv)"), QStringLiteral("csv"), m_name);
    connect(dialog, &QFileDialog::fileSelected, this, &ChartSaver::numbersWanted);
    dialog->open();
}

} // namespace llamahome::widgets
