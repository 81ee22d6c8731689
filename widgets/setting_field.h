// SettingField: the bare field of a SettingEditor, one class for each kind of value. GUI thread.
#pragma once

#include <string>
#include <vector>

#include <QString>
#include <QWidget>

#include "config/setting_descriptor.h"

namespace llamahome::widgets {

class SettingField : public QWidget {
    Q_OBJECT

public:
    using QWidget::QWidget;
    /// The value as `--set` takes it.
    virtual QString text() const = 0;
    virtual void setText(const QString& text) = 0;

Q_SIGNALS:
    /// The user changed it.
    void edited();
    /// The user is done with it.
    void committed();
};

/// The fitting field for a description; its focus proxy takes the keyboard.
SettingField* makeSettingField(const config::SettingDescriptor& setting, QWidget* parent);

/// Items of a list in the form that `--set` takes.
std::vector<std::string> listItems(const config::SettingDescriptor& setting, const QString& text);
QString listText(const std::vector<std::string>& items);

} // namespace llamahome::widgets
