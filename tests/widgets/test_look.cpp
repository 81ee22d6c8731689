// Colours, icons, memory and messages: what every page of the window has in common.

#include <memory>

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFile>
#include <QFontMetrics>
#include <QIcon>
#include <QProxyStyle>
#include <QPushButton>
#include <QSplitter>
#include <QTest>
#include <QTimer>
#include <QToolButton>

#include "core/error_codes.h"
#include "support/temporary_folder.h"
#include "widgets/copy_text.h"
#include "widgets/home_style.h"
#include "widgets/icons.h"
#include "widgets/look.h"
#include "widgets/message_bar.h"
#include "widgets/palettes.h"
#include "widgets/window_memory.h"

using namespace llamahome;
using namespace llamahome::widgets;
using look::Theme;
using look::Tone;

namespace {

struct Pair {
    QPalette::ColorRole text;
    QPalette::ColorRole ground;
};

const QList<Pair> kPairs{
    {QPalette::WindowText, QPalette::Window},
    {QPalette::WindowText, QPalette::Base},
    {QPalette::Text, QPalette::Base},
    {QPalette::Text, QPalette::AlternateBase},
    {QPalette::ButtonText, QPalette::Button},
    {QPalette::PlaceholderText, QPalette::Base},
    {QPalette::PlaceholderText, QPalette::Window},
    {QPalette::HighlightedText, QPalette::Highlight},
    {QPalette::ToolTipText, QPalette::ToolTipBase},
    {QPalette::Link, QPalette::Base},
    {QPalette::Link, QPalette::Window},
    {QPalette::LinkVisited, QPalette::Base},
    {QPalette::BrightText, QPalette::Link},
};

QByteArray said(Theme theme, const Pair& pair, QPalette::ColorGroup group, double contrast) {
    return QStringLiteral("theme %1, role %2 on %3, group %4: %5")
        .arg(static_cast<int>(theme))
        .arg(pair.text)
        .arg(pair.ground)
        .arg(group)
        .arg(contrast)
        .toUtf8();
}

/// The colour in which an icon is drawn.
QColor inkOf(const QIcon& icon, QIcon::Mode mode = QIcon::Normal) {
    const QImage image = icon.pixmap(QSize(24, 24), mode).toImage();
    QColor ink;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            if (const QColor color = image.pixelColor(x, y);
                color.alpha() > 200 && (!ink.isValid() || color.alpha() > ink.alpha()))
                ink = color;
    return ink;
}

/// A desktop that wants them.
class IconsOnButtons final : public QProxyStyle {
public:
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* more) const override {
        return hint == SH_DialogButtonBox_ButtonsHaveIcons
                   ? 1
                   : QProxyStyle::styleHint(hint, option, widget, more);
    }
};

} // namespace

class TestLook final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void contrastIsThatOfTheGuideline() {
        QCOMPARE(qRound(look::contrast(Qt::white, Qt::black) * 10), 210);
        QCOMPARE(qRound(look::contrast(QColor(0x77, 0x77, 0x77), Qt::white) * 100), 448);
    }

    void everyTextOfEveryThemeStandsOut() {
        for (const Theme theme : look::allThemes()) {
            look::applyTheme(theme);
            const QPalette palette = QApplication::palette();
            for (const auto group : {QPalette::Active, QPalette::Inactive, QPalette::Disabled})
                for (const Pair& pair : kPairs) {
                    if (group == QPalette::Disabled && pair.text == QPalette::BrightText) continue;
                    const double found =
                        look::contrast(palette.color(group, pair.text), palette.color(group, pair.ground));
                    QVERIFY2(found >= look::kLeastContrast, said(theme, pair, group, found).constData());
                }
        }
    }

    void everyColourOfMeaningStandsOut() {
        for (const Theme theme : look::allThemes()) {
            look::applyTheme(theme);
            const QPalette palette = QApplication::palette();
            for (const Tone tone : {Tone::Accent, Tone::Good, Tone::Warning, Tone::Bad, Tone::Quiet})
                for (const auto ground : {QPalette::Base, QPalette::Window}) {
                    const double found = look::contrast(look::color(tone), palette.color(ground));
                    QVERIFY2(found >= look::kLeastContrast, QByteArray::number(found) + " in theme " +
                                                                QByteArray::number(static_cast<int>(theme)) +
                                                                ", tone " +
                                                                QByteArray::number(static_cast<int>(tone)));
                }
        }
    }

    void aLongNameInAChooserShowsBothItsEnds() {
        look::applyTheme(Theme::Light);
        QComboBox box;
        const auto shown = [&box](const QString& end) {
            box.clear();
            box.addItem(QStringLiteral("smollm2_135m-instruct_finetuned_on_recipes_") + end);
            box.resize(120, box.sizeHint().height());
            return box.grab().toImage();
        };
        QVERIFY(shown(QStringLiteral("one")) != shown(QStringLiteral("two")));
    }

    void aPaleDesktopIsMadeReadable() {
        QPalette pale(QColor(0xee, 0xee, 0xee));
        pale.setColor(QPalette::WindowText, QColor(0xaa, 0xaa, 0xaa));
        const look::Colors colors = look::colorsOf(pale);
        QVERIFY(look::contrast(colors.text, colors.window) >= look::kLeastContrast);
        QVERIFY(look::contrast(colors.text, colors.base) >= look::kLeastContrast);
        QCOMPARE(colors.window.rgb(), pale.color(QPalette::Window).rgb());
    }

    void aThemeChangesUnderWidgetsThatAreShown() {
        look::applyTheme(Theme::Light);
        QWidget window;
        auto* button = new QPushButton(QStringLiteral("Start"), &window);
        look::makePrimary(*button);
        window.show();
        const QColor light = button->palette().color(QPalette::Button);
        QVERIFY(!look::isDark());
        look::applyTheme(Theme::Dark);
        QVERIFY(look::isDark());
        QTRY_VERIFY(button->palette().color(QPalette::Button) != light);
        QCOMPARE(button->palette().color(QPalette::Button), look::color(Tone::Accent));
        QVERIFY(look::contrast(button->palette().color(QPalette::ButtonText),
                               button->palette().color(QPalette::Button)) >= look::kLeastContrast);
        look::applyTheme(Theme::System);
        QCOMPARE(button->palette().color(QPalette::Button), look::color(Tone::Accent));
    }

    void iconsTakeTheColourOfTheTheme() {
        const QIcon kept = icon(Icon::Stop);
        for (const Theme theme : {Theme::Light, Theme::Dark, Theme::HighContrast}) {
            look::applyTheme(theme);
            QCOMPARE(inkOf(kept).rgb(), QApplication::palette().color(QPalette::WindowText).rgb());
            QCOMPARE(inkOf(kept, QIcon::Disabled).rgb(),
                     QApplication::palette().color(QPalette::Disabled, QPalette::WindowText).rgb());
            QCOMPARE(inkOf(icon(Icon::Stop, QPalette::BrightText)).rgb(),
                     QApplication::palette().color(QPalette::BrightText).rgb());
        }
    }

    void standardButtonsOfDialogsCarryNoForeignIcons() {
        look::HomeStyle style;
        style.setBaseStyle(new IconsOnButtons);
        QDialogButtonBox box;
        box.setStyle(&style);
        box.setStandardButtons(QDialogButtonBox::Close | QDialogButtonBox::Cancel);
        QCOMPARE(box.buttons().size(), 2);
        for (const QAbstractButton* button : box.buttons())
            QVERIFY2(button->icon().isNull(), button->text().toUtf8().constData());
    }

    void everyIconDrawsSomething() {
        for (int number = 0; number <= static_cast<int>(Icon::More); ++number)
            QVERIFY2(inkOf(icon(static_cast<Icon>(number))).isValid(), QByteArray::number(number));
    }

    void figuresHaveOneWidth() {
        const QFontMetrics metrics(look::figureFont());
        for (char16_t digit = u'0'; digit <= u'9'; ++digit)
            QCOMPARE(metrics.horizontalAdvance(QChar(digit)), metrics.horizontalAdvance(u'0'));
    }

    void memoryOutlivesTheWindowAndADamagedFileIsNone() {
        const testing::TemporaryFolder folder;
        {
            WindowMemory memory(folder / "window.ini");
            memory.setValue(QStringLiteral("training/preset"), QStringLiteral("style"));
        }
        WindowMemory again(folder / "window.ini");
        QCOMPARE(again.value(QStringLiteral("training/preset")).toString(), QStringLiteral("style"));
        QFile file(QString::fromStdString((folder / "broken.ini").string()));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray("[\0\xff%%%\n=", 9));
        file.close();
        WindowMemory broken(folder / "broken.ini");
        QCOMPARE(broken.value(QStringLiteral("training/preset"), 7).toInt(), 7);
    }

    void aSplitterIsAsItWasLeft() {
        WindowMemory memory{{}};
        const auto make = [&] {
            auto splitter = std::make_unique<QSplitter>();
            splitter->addWidget(new QWidget(splitter.get()));
            splitter->addWidget(new QWidget(splitter.get()));
            memory.keep(*splitter, QStringLiteral("split"));
            splitter->resize(400, 100);
            splitter->show();
            return splitter;
        };
        const auto first = make();
        first->setSizes({100, 300});
        QTest::mousePress(first->handle(1), Qt::LeftButton);
        QTest::mouseMove(first->handle(1), QPoint(60, 0));
        QTest::mouseRelease(first->handle(1), Qt::LeftButton, {}, QPoint(60, 0));
        const QList<int> left = first->sizes();
        QVERIFY2(left.at(0) > 120, QByteArray::number(left.at(0)));
        QCOMPARE(make()->sizes(), left);
    }

    void aMessageSaysWhatHappenedAndOffersTheNextStep() {
        MessageBar bar;
        QVERIFY(bar.isHidden());
        int steps = 0;
        bar.showFailure(Error{codes::kDiskFull, "no room on the disk", "ENOSPC"}, QStringLiteral("Free some"),
                        [&] { ++steps; });
        QVERIFY(!bar.isHidden());
        QCOMPARE(bar.text(), QStringLiteral("no room on the disk"));
        QCOMPARE(bar.accessibleName(), QStringLiteral("no room on the disk"));
        auto* button = bar.findChild<QPushButton*>(QStringLiteral("messageButton"));
        QCOMPARE(button->text(), QStringLiteral("Free some"));
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(steps, 1);
        QVERIFY(bar.isHidden());
        QCOMPARE(bar.text(), QString());
        bar.showFailure(Error{codes::kModelNotInstalled, "it is not installed, see `llamahome models`"});
        QCOMPARE(bar.text(), QStringLiteral("it is not installed, see the page Models"));
    }

    void whatHoldsThePageUpCannotBeClosed() {
        MessageBar bar;
        int steps = 0;
        bar.showError(Error{codes::kModelNotInstalled, "it is not installed"}, QStringLiteral("Check again"),
                      [&] { ++steps; });
        const auto* close = bar.findChild<QToolButton*>(QStringLiteral("messageClose"));
        QVERIFY(!close->isVisible());
        QApplication::setActiveWindow(&bar);
        QVERIFY(QTest::qWaitForWindowActive(&bar));
        auto* button = bar.findChild<QPushButton*>(QStringLiteral("messageButton"));
        button->setFocus();
        QTest::keyClick(bar.windowHandle(), Qt::Key_Escape);
        QVERIFY(bar.isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(steps, 1);
        QVERIFY(bar.isVisible());
        bar.showFailure(Error{codes::kDiskFull, "no room on the disk"});
        QVERIFY(close->isVisible());
        bar.findChild<QToolButton*>(QStringLiteral("messageClose"))->setFocus();
        QTest::keyClick(bar.windowHandle(), Qt::Key_Escape);
        QCOMPARE(bar.text(), QStringLiteral("it is not installed"));
        QVERIFY(!close->isVisible());
        bar.clear();
        QVERIFY(bar.isHidden());
    }

    void whatCopiesSaysSoForAMoment() {
        QPushButton button(icon(Icon::Copy), QStringLiteral("Copy as command"));
        button.show();
        const int width = button.width();
        for (int i = 0; i < 2; ++i) // the second while the first is still shown
            copyFrom(button, QStringLiteral("llamahome models"));
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("llamahome models"));
        QCOMPARE(button.text(), QStringLiteral("Copied"));
        QCOMPARE(button.accessibleName(), QStringLiteral("Copied"));
        QCOMPARE(button.width(), width);
        const auto signs = button.findChildren<QTimer*>();
        QCOMPARE(signs.size(), 1);
        QCOMPARE(signs.front()->interval(), kCopiedMs);
        signs.front()->start(0);
        QTRY_COMPARE(button.text(), QStringLiteral("Copy as command"));
        QVERIFY(button.accessibleName().isEmpty());
    }

    void escapeClosesAMessage() {
        MessageBar bar;
        bar.show(MessageBar::Kind::Notice, QStringLiteral("Saved"));
        QApplication::setActiveWindow(&bar);
        QVERIFY(QTest::qWaitForWindowActive(&bar));
        bar.findChild<QToolButton*>(QStringLiteral("messageClose"))->setFocus();
        QTest::keyClick(bar.windowHandle(), Qt::Key_Escape);
        QVERIFY(bar.isHidden());
    }
};

QTEST_MAIN(TestLook)
#include "test_look.moc"
