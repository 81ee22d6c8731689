// ChartSaver: the button that saves a chart as a picture, or its numbers. GUI thread.
#pragma once

#include <QByteArray>
#include <QPointer>
#include <QString>
#include <QToolButton>

class QAction;

namespace llamahome::widgets {

class ChartSaver final : public QToolButton {
    Q_OBJECT

public:
    explicit ChartSaver(QWidget* parent = nullptr);

    /// What the picture shows, as it is seen then; null: there is none to save.
    void setChart(QWidget* chart);
    /// Of the file, without its ending.
    void setFileName(const QString& name) { m_name = name; }

Q_SIGNALS:
    void pictureWanted(const QString& path, const QByteArray& png);
    void numbersWanted(const QString& path);

private:
    void askForPicture();
    void askForNumbers();

    QPointer<QWidget> m_chart;
    QString m_name;
    QAction* m_picture;
};

} // namespace llamahome::widgets
