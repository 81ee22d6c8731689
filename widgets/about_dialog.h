// AboutDialog: version, what the program is, its licence and those of others. GUI thread.
#pragma once

#include <QDialog>

namespace llamahome::widgets {

class AboutDialog final : public QDialog {
    Q_OBJECT

public:
    explicit AboutDialog(const QString& version, QWidget* parent = nullptr);

Q_SIGNALS:
    void reportWanted();
};

} // namespace llamahome::widgets
