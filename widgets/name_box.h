// NameBox: a list of names of models or adapters to choose from, in which a missing one can stand. GUI
// thread.
#pragma once

#include <QComboBox>

namespace llamahome::widgets {

/// Narrow where there is no room; names are cut in their middle and told whole on hover.
class NameBox final : public QComboBox {
    Q_OBJECT

public:
    NameBox(const QString& objectName, QWidget* parent);

    /// `value` is the name, or empty for none of them.
    void add(const QString& text, const QString& value);
    /// Chooses the row of that value; a name that is not there is added as missing.
    void choose(const QString& value);
    QString value() const;
};

} // namespace llamahome::widgets
