// SettingEditor: the fitting field for one setting, from its description. GUI thread.
#pragma once

#include <QString>
#include <QStringList>
#include <QWidget>

#include "config/setting_descriptor.h"
#include "config/setting_parse.h"

class QLabel;

namespace llamahome::widgets {

class SettingField;

/// A check box, a number with `auto` where there is one, a choice, a text, a folder with a chooser, or a
/// list. Says in place what is wrong and what is expected. The focus proxy is the field itself, whose
/// accessible name is the setting's label. Looks at no file: whether a folder can be used is found when it is
/// saved.
class SettingEditor final : public QWidget {
    Q_OBJECT

public:
    /// `setting` is one of config::allSettings() or outlives the editor.
    explicit SettingEditor(const config::SettingDescriptor& setting, QWidget* parent = nullptr);

    const config::SettingDescriptor& setting() const { return m_setting; }
    /// The value as `--set` takes it; what the user typed, right or wrong.
    QString text() const;
    /// Shows a value; edited() is not emitted.
    void setText(const QString& text);
    /// The text form of the value in `settings`, which reads back as the same value.
    static QString textOf(const config::SettingDescriptor& setting, const config::Settings& settings);

    /// Why text() is no value for the setting; empty: it is one.
    QString problem() const;
    bool isRight() const { return problem().isEmpty(); }
    /// Whether text() means the value in `settings`, however it is written.
    bool isValueOf(const config::Settings& settings) const;
    /// Shows a problem that was found elsewhere, until the next edit; empty: none.
    void showProblem(const QString& problem);

Q_SIGNALS:
    /// The user changed the value to `text`, which may be wrong: see isRight(). Typed fields tell at each
    /// key.
    void edited(const QString& text);
    /// The user is done with it: Enter, a choice, or the focus left after an edit.
    void committed(const QString& text);

private:
    config::ParsedSetting parsed() const;
    void onEdited();
    void onCommitted();
    void tellProblem(QString problem);

    const config::SettingDescriptor& m_setting;
    SettingField* m_field;
    QLabel* m_problem;
    QString m_committed; ///< the text that was last shown or told
};

} // namespace llamahome::widgets
