#include "widgets/setting_field.h"

#include <algorithm>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QStandardItemModel>
#include <QVBoxLayout>

#include "config/setting_parse.h"
#include "config/settings_writer.h"
#include "managers/quantity_words.h"
#include "managers/text.h"
#include "widgets/look.h"
#include "widgets/whole_number_box.h"

namespace llamahome::widgets {
namespace {

using config::SettingDescriptor;
using config::SettingKind;
using config::TextForm;
using managers::fromQt;
using managers::toQt;

const QString kAuto = QStringLiteral("auto");

QString labelOf(const SettingDescriptor& setting) {
    return toQt(setting.label);
}

bool isLater(const SettingDescriptor& setting, const std::string& choice) {
    return std::any_of(setting.later.begin(), setting.later.end(),
                       [&](const config::LaterChoice& later) { return later.choice == choice; });
}

/// Lays the parts of a field out in a row, without margins.
QHBoxLayout* makeRow(QWidget* field) {
    auto* row = new QHBoxLayout(field);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(look::kGrid);
    return row;
}

class BoolField final : public SettingField {
public:
    BoolField(const SettingDescriptor& setting, QWidget* parent)
        : SettingField(parent)
        , m_box(new QCheckBox(tr("On"), this)) {
        makeRow(this)->addWidget(m_box);
        m_box->setAccessibleName(labelOf(setting));
        setFocusProxy(m_box);
        connect(m_box, &QCheckBox::clicked, this, [this] {
            Q_EMIT edited();
            Q_EMIT committed();
        });
    }
    QString text() const override {
        return m_box->isChecked() ? QStringLiteral("true") : QStringLiteral("false");
    }
    void setText(const QString& text) override { m_box->setChecked(text == QStringLiteral("true")); }

private:
    QCheckBox* m_box;
};

class ChoiceField final : public SettingField {
public:
    ChoiceField(const SettingDescriptor& setting, QWidget* parent)
        : SettingField(parent)
        , m_box(new QComboBox(this)) {
        for (const std::string& choice : setting.choices) {
            const bool later = isLater(setting, choice);
            m_box->addItem(later ? tr("%1 (not in this version)").arg(toQt(choice)) : toQt(choice),
                           toQt(choice));
            auto* items = qobject_cast<QStandardItemModel*>(m_box->model());
            if (later && items != nullptr) items->item(m_box->count() - 1)->setEnabled(false);
        }
        auto* row = makeRow(this);
        row->addWidget(m_box);
        row->addStretch();
        m_box->setAccessibleName(labelOf(setting));
        setFocusProxy(m_box);
        connect(m_box, &QComboBox::activated, this, [this] {
            Q_EMIT edited();
            Q_EMIT committed();
        });
    }
    QString text() const override { return m_box->currentData().toString(); }
    void setText(const QString& text) override { m_box->setCurrentIndex(m_box->findData(text)); }

private:
    QComboBox* m_box;
};

/// A whole number with steps; `auto` by a box where the setting has it.
class IntegerField final : public SettingField {
public:
    IntegerField(const SettingDescriptor& setting, QWidget* parent)
        : SettingField(parent)
        , m_box(new WholeNumberBox(setting.integers.minimum, setting.integers.maximum, this)) {
        auto* row = makeRow(this);
        row->addWidget(m_box);
        m_box->setAccessibleName(labelOf(setting));
        setFocusProxy(m_box);
        if (setting.autoValue) {
            m_auto = new QCheckBox(kAuto, this);
            m_auto->setAccessibleName(tr("%1: automatic").arg(labelOf(setting)));
            row->addWidget(m_auto);
            connect(m_auto, &QCheckBox::clicked, this, [this](bool isAuto) {
                m_box->setText(isAuto ? kAuto : QString::number(m_box->minimum()));
                Q_EMIT edited();
                Q_EMIT committed();
            });
        }
        if (!setting.unit.empty()) {
            m_unitName = setting.unit;
            m_unit = look::makeNote(toQt(setting.unit), this);
            row->addWidget(m_unit);
        }
        row->addStretch();
        connect(m_box, &WholeNumberBox::edited, this, [this] {
            follow();
            Q_EMIT edited();
        });
        connect(m_box, &QAbstractSpinBox::editingFinished, this, &SettingField::committed);
    }
    QString text() const override { return m_box->text().trimmed(); }
    void setText(const QString& text) override {
        m_box->setText(text);
        follow();
    }

private:
    /// What beside the number depends on it.
    void follow() {
        if (m_auto != nullptr) m_auto->setChecked(text() == kAuto);
        if (m_unit != nullptr) m_unit->setText(managers::unitWord(m_unitName, text() == QStringLiteral("1")));
    }

    WholeNumberBox* m_box;
    QCheckBox* m_auto = nullptr;
    QLabel* m_unit = nullptr;
    std::string m_unitName;
};

/// A line: numbers with a point, addresses, short texts, and a folder with its chooser.
class LineField final : public SettingField {
public:
    LineField(const SettingDescriptor& setting, QWidget* parent)
        : SettingField(parent)
        , m_line(new QLineEdit(this))
        , m_isNumber(setting.kind == SettingKind::Number) {
        auto* row = makeRow(this);
        row->addWidget(m_line, m_isNumber ? 0 : 1);
        m_line->setAccessibleName(labelOf(setting));
        setFocusProxy(m_line);
        if (m_isNumber) {
            m_line->setFont(look::figureFont());
            m_line->setMaximumWidth(20 * look::kGrid);
            m_line->setMinimumWidth(10 * look::kGrid);
            if (!setting.unit.empty()) row->addWidget(look::makeNote(toQt(setting.unit), this));
            row->addStretch();
        }
        if (setting.form == TextForm::Path) row->addWidget(makeChooser(setting));
        connect(m_line, &QLineEdit::textEdited, this, &SettingField::edited);
        connect(m_line, &QLineEdit::editingFinished, this, &SettingField::committed);
    }
    QString text() const override { return m_isNumber ? m_line->text().trimmed() : m_line->text(); }
    void setText(const QString& text) override { m_line->setText(text); }

private:
    QPushButton* makeChooser(const SettingDescriptor& setting) {
        auto* button = new QPushButton(tr("Choose…"), this);
        button->setAccessibleName(tr("Choose %1").arg(labelOf(setting)));
        connect(button, &QPushButton::clicked, this, [this] {
            auto* dialog = new QFileDialog(this, tr("Choose a folder"), text());
            dialog->setAttribute(Qt::WA_DeleteOnClose);
            dialog->setFileMode(QFileDialog::Directory);
            dialog->setOption(QFileDialog::ShowDirsOnly);
            connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& folder) {
                m_line->setText(folder);
                Q_EMIT edited();
                Q_EMIT committed();
            });
            dialog->open();
        });
        return button;
    }

    QLineEdit* m_line;
    bool m_isNumber;
};

/// A line with texts to choose from.
class SuggestedField final : public SettingField {
public:
    SuggestedField(const SettingDescriptor& setting, QWidget* parent)
        : SettingField(parent)
        , m_box(new QComboBox(this)) {
        m_box->setEditable(true);
        m_box->setInsertPolicy(QComboBox::NoInsert);
        m_box->lineEdit()->setPlaceholderText(tr("automatic"));
        if (setting.mayBeEmpty) m_box->addItem(QString());
        for (const std::string& name : setting.suggestions)
            m_box->addItem(toQt(name));
        makeRow(this)->addWidget(m_box, 1);
        m_box->setAccessibleName(labelOf(setting));
        m_box->lineEdit()->setAccessibleName(labelOf(setting)); // which takes the focus
        setFocusProxy(m_box);
        connect(m_box->lineEdit(), &QLineEdit::textEdited, this, &SettingField::edited);
        connect(m_box->lineEdit(), &QLineEdit::editingFinished, this, &SettingField::committed);
        connect(m_box, &QComboBox::activated, this, [this] {
            Q_EMIT edited();
            Q_EMIT committed();
        });
    }
    QString text() const override { return m_box->currentText().trimmed(); }
    void setText(const QString& text) override { m_box->setEditText(text); }

private:
    QComboBox* m_box;
};

/// Several lines that tell when the focus leaves them; Tab leaves them.
class Lines final : public QPlainTextEdit {
public:
    Lines(SettingField* field, int rows)
        : QPlainTextEdit(field)
        , m_field(field) {
        setTabChangesFocus(true);
        const int frame = 2 * (frameWidth() + qRound(document()->documentMargin()));
        setFixedHeight(rows * fontMetrics().lineSpacing() + frame);
    }

protected:
    void focusOutEvent(QFocusEvent* event) override {
        QPlainTextEdit::focusOutEvent(event);
        Q_EMIT m_field->committed();
    }

private:
    SettingField* m_field;
};

/// A text of several lines, or a list with an item on each line.
class LinesField final : public SettingField {
public:
    LinesField(const SettingDescriptor& setting, QWidget* parent)
        : SettingField(parent)
        , m_setting(setting)
        , m_lines(new Lines(this, kRows)) {
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(look::kGrid / 2);
        column->addWidget(m_lines);
        if (isList()) column->addWidget(look::makeNote(tr("One on each line."), this));
        setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
        m_lines->setAccessibleName(labelOf(setting));
        setFocusProxy(m_lines);
        connect(m_lines, &QPlainTextEdit::textChanged, this, [this] {
            if (!m_isShowing) Q_EMIT edited();
        });
    }
    QString text() const override {
        if (!isList()) return m_lines->toPlainText();
        std::vector<std::string> items;
        for (const QString& line : m_lines->toPlainText().split(u'\n'))
            if (const QString item = line.trimmed(); !item.isEmpty()) items.push_back(fromQt(item));
        return listText(items);
    }
    void setText(const QString& text) override {
        m_isShowing = true;
        m_lines->setPlainText(isList() ? joined(listItems(m_setting, text)) : text);
        m_isShowing = false;
    }

private:
    static constexpr int kRows = 4;

    bool isList() const { return m_setting.kind == SettingKind::List; }
    static QString joined(const std::vector<std::string>& items) {
        QStringList lines;
        for (const std::string& item : items)
            lines << toQt(item);
        return lines.join(u'\n');
    }

    const SettingDescriptor& m_setting;
    Lines* m_lines;
    bool m_isShowing = false;
};

/// A list whose items are chosen from a few.
class ChoicesField final : public SettingField {
public:
    ChoicesField(const SettingDescriptor& setting, QWidget* parent)
        : SettingField(parent)
        , m_setting(setting) {
        auto* grid = new QGridLayout(this);
        grid->setContentsMargins(0, 0, 0, 0);
        for (const std::string& choice : setting.choices) {
            auto* box = new QCheckBox(toQt(choice), this);
            box->setAccessibleName(tr("%1: %2").arg(labelOf(setting), toQt(choice)));
            const int place = static_cast<int>(m_boxes.size());
            grid->addWidget(box, place / kColumns, place % kColumns);
            m_boxes.push_back(box);
            connect(box, &QCheckBox::clicked, this, [this] {
                Q_EMIT edited();
                Q_EMIT committed();
            });
        }
        grid->setColumnStretch(kColumns, 1);
        setFocusProxy(m_boxes.front());
    }
    QString text() const override {
        std::vector<std::string> chosen;
        for (const QCheckBox* box : m_boxes)
            if (box->isChecked()) chosen.push_back(fromQt(box->text()));
        return listText(chosen);
    }
    void setText(const QString& text) override {
        const std::vector<std::string> chosen = listItems(m_setting, text);
        for (QCheckBox* box : m_boxes)
            box->setChecked(std::find(chosen.begin(), chosen.end(), fromQt(box->text())) != chosen.end());
    }

private:
    static constexpr int kColumns = 3;

    const SettingDescriptor& m_setting;
    std::vector<QCheckBox*> m_boxes;
};

/// Texts that are often longer than a line.
bool hasSeveralLines(const SettingDescriptor& setting) {
    return setting.kind == SettingKind::Text && setting.key.ends_with(".system");
}

} // namespace

SettingField* makeSettingField(const SettingDescriptor& setting, QWidget* parent) {
    switch (setting.kind) {
    case SettingKind::Bool:
        return new BoolField(setting, parent);
    case SettingKind::Choice:
        return new ChoiceField(setting, parent);
    case SettingKind::Integer:
        return new IntegerField(setting, parent);
    case SettingKind::List:
        if (!setting.choices.empty()) return new ChoicesField(setting, parent);
        return new LinesField(setting, parent);
    case SettingKind::Number:
    case SettingKind::Text:
        break;
    }
    if (hasSeveralLines(setting)) return new LinesField(setting, parent);
    if (!setting.choices.empty()) return new ChoiceField(setting, parent);
    if (!setting.suggestions.empty()) return new SuggestedField(setting, parent);
    return new LineField(setting, parent);
}

std::vector<std::string> listItems(const SettingDescriptor& setting, const QString& text) {
    SettingDescriptor any = setting; // takes any item, so that wrong ones can be shown too
    any.choices.clear();
    any.later.clear();
    any.form = TextForm::Free;
    any.mayBeEmpty = true;
    const auto parsed = config::parseSettingText(any, fromQt(text), {});
    if (!parsed.value) return {};
    return std::get<std::vector<std::string>>(*parsed.value);
}

QString listText(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items)
        text += (text.empty() ? "" : ", ") + config::yamlScalar(item);
    return toQt("[" + text + "]");
}

} // namespace llamahome::widgets
