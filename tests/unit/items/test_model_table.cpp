#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "items/check_table.h"
#include "items/model_table.h"
#include "items/setting_tree.h"
#include "managers/text.h"
#include "support/manager_ground.h"

using namespace llamahome;
using namespace llamahome::items;
using namespace llamahome::testing;
using managers::ModelManager;
using managers::SettingsManager;

namespace {

const QString kName = QStringLiteral("smollm2/135m-instruct");

QStringList namesUnder(const QAbstractItemModel& model, const QModelIndex& group) {
    QStringList names;
    for (int row = 0; row < model.rowCount(group); ++row)
        names << model.index(row, 0, group).data(ModelTable::NameRole).toString();
    return names;
}

} // namespace

class TestModelTable final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void modelsStandInGroupsAndFollowTheManager() {
        ManagerGround ground;
        managers::ManagerContext context(ground.workspace());
        ModelManager manager(context);
        ModelTable table(manager);
        QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE_WITH_TIMEOUT(table.rowCount(), 1, kPatienceMs);
        QCOMPARE(table.index(0, 0).data(ModelTable::GroupRole).toInt(), int(ModelTable::Group::Known));
        ground.install();
        manager.refresh();
        QTRY_COMPARE_WITH_TIMEOUT(table.rowCount(), 2, kPatienceMs);
        QCOMPARE(namesUnder(table, table.index(0, 0)), QStringList{kName});
        const QModelIndex row = table.indexOf(kName);
        QCOMPARE(row.siblingAtColumn(ModelTable::State).data().toString(), QStringLiteral("ready"));
        QCOMPARE(row.siblingAtColumn(ModelTable::Fits).data().toString(), QStringLiteral("chat and train"));
        QVERIFY(!row.siblingAtColumn(ModelTable::Size).data().toString().isEmpty());
        QVERIFY(!table.indexOf(QStringLiteral("nobody/nothing")).isValid());
    }

    void sortingBySizeKeepsTheGroupsInOrder() {
        ManagerGround ground;
        ground.install();
        managers::ManagerContext context(ground.workspace());
        ModelManager manager(context);
        ModelTable table(manager);
        ModelFilter filter;
        filter.setSourceModel(&table);
        QAbstractItemModelTester tester(&filter, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE_WITH_TIMEOUT(filter.rowCount(), 2, kPatienceMs);
        for (const Qt::SortOrder order : {Qt::DescendingOrder, Qt::AscendingOrder}) {
            filter.sort(ModelTable::Size, order);
            QCOMPARE(filter.index(0, 0).data(ModelTable::GroupRole).toInt(),
                     int(ModelTable::Group::Installed));
            const QModelIndex known = filter.index(1, 0);
            QVERIFY(filter.rowCount(known) > 5);
            for (int row = 1; row < filter.rowCount(known); ++row) {
                const auto size = [&](int at) {
                    return filter.index(at, ModelTable::Size, known).data(ModelTable::SortRole).toULongLong();
                };
                QVERIFY(order == Qt::AscendingOrder ? size(row - 1) <= size(row)
                                                    : size(row - 1) >= size(row));
            }
        }
    }

    void oneKindCanBeShownAlone() {
        ManagerGround ground;
        ground.install();
        managers::ManagerContext context(ground.workspace());
        ModelManager manager(context);
        ModelTable table(manager);
        ModelFilter filter;
        filter.setSourceModel(&table);
        QAbstractItemModelTester tester(&filter, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE_WITH_TIMEOUT(filter.rowCount(), 2, kPatienceMs);
        const int known = filter.rowCount(filter.index(1, 0));
        filter.setShow(ModelFilter::Show::Ready);
        QCOMPARE(filter.rowCount(), 1);
        QCOMPARE(namesUnder(filter, filter.index(0, 0)), QStringList{kName});
        filter.setShow(ModelFilter::Show::Absent);
        QCOMPARE(filter.rowCount(), 1);
        QCOMPARE(filter.rowCount(filter.index(0, 0)), known);
        filter.setShow(ModelFilter::Show::Trainable);
        QCOMPARE(namesUnder(filter, filter.index(0, 0)), QStringList{kName});
        for (const QString& name : namesUnder(filter, filter.index(1, 0)))
            QVERIFY(manager.trainVerdict(*manager.find(name)).fit == managers::Fit::Fits);
        filter.setShow(ModelFilter::Show::All);
        QCOMPARE(filter.rowCount(), 2);
    }

    void aSearchKeepsWhatHasAllItsWords() {
        ManagerGround ground;
        managers::ManagerContext context(ground.workspace());
        ModelManager manager(context);
        ModelTable table(manager);
        ModelFilter filter;
        filter.setSourceModel(&table);
        QTRY_COMPARE_WITH_TIMEOUT(filter.rowCount(), 1, kPatienceMs);
        filter.setSearch(QStringLiteral("INSTRUCT 135"));
        QCOMPARE(namesUnder(filter, filter.index(0, 0)), QStringList{kName});
        filter.setSearch(QStringLiteral("no such model"));
        QCOMPARE(filter.rowCount(), 0);
        filter.setSearch({});
        QVERIFY(filter.rowCount(filter.index(0, 0)) > 5);
    }

    void checksTellNameOutcomeAndWhatWasFound() {
        CheckTable table;
        QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
        table.setChecks({{"files", jobs::CheckStatus::Passed, "7 files", ""},
                         {"weights", jobs::CheckStatus::Failed, "model.safetensors is cut", "VER-02"}});
        QCOMPARE(table.rowCount(), 2);
        QCOMPARE(table.index(1, CheckTable::Outcome).data().toString(), QStringLiteral("failed"));
        QVERIFY(table.index(1, CheckTable::Found)
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains(QStringLiteral("VER-02")));
    }

    void everySettingHasARowWithItsValueAndPlace() {
        ManagerGround ground;
        managers::ManagerContext context(ground.workspace());
        SettingsManager manager(context);
        SettingTree tree(manager);
        QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::QtTest);
        std::size_t rows = 0;
        for (int section = 0; section < tree.rowCount(); ++section)
            rows += static_cast<std::size_t>(tree.rowCount(tree.index(section, 0)));
        QCOMPARE(rows, config::allSettings().size());
        const QModelIndex rank = tree.indexOf(QStringLiteral("training.lora.r"));
        QCOMPARE(tree.settingAt(rank)->label, std::string("LoRA rank"));
        QTRY_VERIFY_WITH_TIMEOUT(manager.isRead(), kPatienceMs);
        QSignalSpy changed(&tree, &QAbstractItemModel::dataChanged);
        manager.setValue(QStringLiteral("training.lora.r"), QStringLiteral("48"));
        QTRY_COMPARE_WITH_TIMEOUT(rank.siblingAtColumn(SettingTree::Value).data().toString(),
                                  QStringLiteral("48"), kPatienceMs);
        QVERIFY(changed.size() > 0);
        QVERIFY(rank.data(SettingTree::IsChosenRole).toBool());
        QCOMPARE(rank.siblingAtColumn(SettingTree::Place).data().toString(),
                 QStringLiteral("training_config.yaml, line 4"));
    }

    void settingsAreFoundByKeyLabelHelpAndOtherNames() {
        ManagerGround ground;
        managers::ManagerContext context(ground.workspace());
        SettingsManager manager(context);
        SettingTree tree(manager);
        SettingFilter filter;
        filter.setSourceModel(&tree);
        const auto found = [&](const char* search, const QString& key) {
            filter.setSearch(QString::fromLatin1(search));
            return filter.mapFromSource(tree.indexOf(key)).isValid();
        };
        const QString length = QStringLiteral("training.max_length");
        QVERIFY(found("max_length", length));
        QVERIFY(found("longest ROW", length));
        QVERIFY(found("cut there", length));
        QVERIFY(found("cutoff_len", length));
        QVERIFY(!found("temperature", length));
        QVERIFY(!found("nothing is called so", length));
        QCOMPARE(filter.rowCount(), 0);
        filter.setSearch({});
        filter.setSection(QStringLiteral("training"));
        QVERIFY(filter.mapFromSource(tree.indexOf(length)).isValid());
        QVERIFY(!filter.mapFromSource(tree.indexOf(QStringLiteral("model.threads"))).isValid());
    }
};

QTEST_GUILESS_MAIN(TestModelTable)
#include "test_model_table.moc"
