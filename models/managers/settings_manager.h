// SettingsManager: every setting with its value, where that came from and what is wrong; changes go into the
// user's files. GUI thread; files are touched on the file pool.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <QObject>
#include <QString>

#include "config/presets.h"
#include "config/setting_descriptor.h"
#include "config/settings_loader.h"
#include "core/error.h"
#include "core/result.h"
#include "managers/manager_context.h"

namespace llamahome::managers {

class SettingsManager final : public QObject {
    Q_OBJECT

public:
    /// Reads all places; until settingsChanged() the built-in values stand. `context` outlives it.
    explicit SettingsManager(ManagerContext& context, QObject* parent = nullptr);
    /// Writes the changes that still wait.
    ~SettingsManager() override;

    /// Reads all places anew; settingsChanged() follows where something is another.
    void refresh();
    /// False until the first reading is there.
    bool isRead() const { return m_isRead; }
    /// Values and origins; where a place has a wrong value, the weaker place's stands.
    const config::ResolvedSettings& resolved() const { return m_report.resolved; }
    const config::Settings& settings() const { return m_report.resolved.values; }
    const std::vector<config::SettingProblem>& problems() const { return m_report.problems; }
    /// The value as `--set` and forms take it.
    QString optionText(const config::SettingDescriptor& setting) const;
    /// By name; those that cannot be read have no title.
    const std::vector<config::Preset>& presets() const { return m_presets; }

    /// Where the user's settings files lie; empty: there is no such place.
    QString userFolder() const;
    /// The user's file that a change of that setting goes into; empty without a folder.
    QString userFileFor(const QString& key) const;
    /// Whether the value comes from one of the user's files, so that reset() has something to take out.
    bool isInUserFile(const QString& key) const;
    /// What wins over the user's files for that setting: a variable or another file; empty: nothing.
    QString strongerPlace(const QString& key) const;

    /// Writes `text` (as to `--set`) into the user's file for that key. Refused, with settingFailed(), where
    /// it is wrong by itself or contradicts another setting; else settingsChanged() follows.
    void setValue(const QString& key, const QString& text);
    /// Takes the key out of the user's file, so that the weaker value stands again.
    void reset(const QString& key);
    /// Puts the copy that was whole before the last change in the place of a settings file that is damaged,
    /// which is kept beside it with `.damaged` at its name.
    void restoreLastGood(const QString& file);
    /// Whether there is such a copy of that file.
    bool hasLastGood(const QString& file) const;

Q_SIGNALS:
    /// A reading is there; something may be another.
    void settingsChanged();
    /// Nothing was written. `key` is a file's path for restoreLastGood().
    void settingFailed(const QString& key, const llamahome::Error& error);
    void settingSaved(const QString& key);

private:
    struct Reading {
        config::SettingsReport report;
        std::vector<config::Preset> presets;
        std::vector<std::string> withLastGood; ///< the user's files that have such a copy
    };

    static Reading read(const Workspace& workspace);
    bool isOther(const Reading& reading) const;
    void take(Reading reading);
    /// One change after the other, so that two never write the same file.
    void change(const QString& key, std::function<Result<void>()> write);
    void startNext();

    class Changes;

    ManagerContext& m_context;
    config::SettingsReport m_report;
    std::vector<config::Preset> m_presets;
    std::vector<std::string> m_withLastGood;
    std::shared_ptr<Changes> m_changes; ///< with the pool's thread
    quint64 m_asked = 0;                ///< a reading before the last one asked for is void
    bool m_isChanging = false;
    bool m_isRead = false;
};

} // namespace llamahome::managers
