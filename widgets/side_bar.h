// SideBar: the places of the window, one under the other. GUI thread.
#pragma once

#include <QWidget>

#include "widgets/icons.h"

class QButtonGroup;
class QVBoxLayout;

namespace llamahome::widgets {

enum class Place { Models, Downloads, Training, Chat, Runs, Settings };

/// One stop for the Tab key; arrows move inside it. Settings stands apart at the bottom.
class SideBar final : public QWidget {
    Q_OBJECT

public:
    explicit SideBar(QWidget* parent = nullptr);

    Place place() const;
    /// Shows that place as the chosen one; tells nobody.
    void setPlace(Place place);

Q_SIGNALS:
    void placeChosen(llamahome::widgets::Place place);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void add(QVBoxLayout& layout, Place place, Icon symbol, const QString& help, const QString& shortcut);
    void move(int step);

    QButtonGroup* m_buttons;
};

/// "Models", as the side bar has it.
QString placeTitle(Place place);

} // namespace llamahome::widgets
