#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "items/question_table.h"

using namespace llamahome::items;
using Row = QuestionTable::Row;

namespace {

QString cell(const QuestionTable& table, int row, int column) {
    return table.index(row, column).data(Qt::EditRole).toString();
}

} // namespace

class TestQuestionTable final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rowsAreTypedBehindTheOthersAndUndone() {
        QuestionTable table;
        const QAbstractItemModelTester tester(&table);
        const QSignalSpy changes(&table, &QuestionTable::changed);
        QCOMPARE(table.rowCount(), 1); // the empty one
        QVERIFY(!table.setData(table.index(0, 0), QString(), Qt::EditRole));
        QVERIFY(table.setData(table.index(0, 0), QStringLiteral("1+1?"), Qt::EditRole));
        QCOMPARE(table.rowCount(), 2);
        QCOMPARE(table.unfinishedRows(), 1);
        QVERIFY(table.wholeRows().isEmpty());
        QVERIFY(table.setData(table.index(0, 1), QStringLiteral("2"), Qt::EditRole));
        QCOMPARE(table.wholeRows(), (QList<Row>{{QStringLiteral("1+1?"), QStringLiteral("2")}}));
        QVERIFY(table.isChanged());
        QCOMPARE(changes.size(), 2);
        table.undo();
        QCOMPARE(cell(table, 0, 1), QString());
        table.undo();
        QCOMPARE(table.rowCount(), 1);
        QVERIFY(!table.canUndo());
        QVERIFY(!table.isChanged());
        table.redo();
        table.redo();
        QCOMPARE(cell(table, 0, 1), QStringLiteral("2"));
        QVERIFY(!table.canRedo());
        table.markSaved();
        QVERIFY(!table.isChanged());
    }

    void aPieceOfASpreadsheetIsOneChange() {
        QuestionTable table;
        const QAbstractItemModelTester tester(&table);
        table.load({{QStringLiteral("a"), QStringLiteral("b")}});
        table.paste(table.index(0, 1),
                    spreadsheetCells(QStringLiteral("x\tbeyond\ny\n\"two\nlines, a \"\"word\"\"\"\n")));
        QCOMPARE(table.rowCount(), 4);
        QCOMPARE(cell(table, 0, 0), QStringLiteral("a"));
        QCOMPARE(cell(table, 0, 1), QStringLiteral("x"));
        QCOMPARE(cell(table, 1, 1), QStringLiteral("y"));
        QCOMPARE(cell(table, 2, 1), QStringLiteral("two\nlines, a \"word\""));
        table.undo();
        QCOMPARE(table.rows(), (QList<Row>{{QStringLiteral("a"), QStringLiteral("b")}}));
        table.append(
            {{QStringLiteral("c"), QStringLiteral("d")}, {QStringLiteral("e"), QStringLiteral("f")}});
        table.remove({0, 2, 3, 17}); // the empty row and one that is none stay
        QCOMPARE(table.rows(), (QList<Row>{{QStringLiteral("c"), QStringLiteral("d")}}));
    }

    void cellsOfSpreadsheets_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QList<QStringList>>("cells");
        const auto row = [](const char* name, const char* text, const QList<QStringList>& cells) {
            QTest::newRow(name) << QString::fromUtf8(text) << cells;
        };
        const auto text = [](const char* words) { return QString::fromUtf8(words); };
        row("nothing", "", {});
        row("one", "a", {{text("a")}});
        row("Windows", "a\tb\r\nc\td\r\n", {{text("a"), text("b")}, {text("c"), text("d")}});
        row("empty cells", "\tb\na\t", {{QString(), text("b")}, {text("a"), QString()}});
        row("quote within", "say \"a\"", {{text("say \"a\"")}});
        row("quoted tab", "\"a\tb\"\tc", {{text("a\tb"), text("c")}});
        row("quote without end", "\"a\nb", {{text("a\nb")}});
    }
    void cellsOfSpreadsheets() {
        QFETCH(QString, text);
        QFETCH(QList<QStringList>, cells);
        QCOMPARE(spreadsheetCells(text), cells);
    }
};

QTEST_GUILESS_MAIN(TestQuestionTable)
#include "test_question_table.moc"
