#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "jobs/library/samples.h"
#include "jobs/train/example_file.h"
#include "support/fault_file_layer.h"
#include "support/killed.h"
#include "support/temporary_folder.h"
#include "text/data/dataset.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

namespace {

const std::vector<text::Message> kTalk{
    {"system", "Be short."}, {"user", "1+1?"}, {"assistant", "2 \u2713\n"}};
const std::vector<text::Message> kOther{{"user", "2+2?"}, {"assistant", "4"}};

/// The examples that a training would read.
std::vector<std::vector<text::Message>> readBack(const std::filesystem::path& file) {
    std::vector<std::vector<text::Message>> examples;
    auto reader = text::DatasetReader::open(file);
    for (auto row = reader->next(); row && row->has_value(); row = reader->next())
        if (const auto* example = std::get_if<text::Example>(&**row)) examples.push_back(example->messages);
    return examples;
}

} // namespace

class TestExampleFile final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void examplesGatherInAFileThatTheTrainingPageOffers() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        const auto first = addExample(systemFiles(), root, kTalk);
        QVERIFY2(first, first ? "" : first.error().message.c_str());
        QCOMPARE(first->examples, std::uint64_t{1});
        QCOMPARE(addExample(systemFiles(), root, kOther)->examples, std::uint64_t{2});
        QVERIFY(listSamples(root) == std::vector{first->file});
        QVERIFY(readBack(first->file) == (std::vector<std::vector<text::Message>>{kTalk, kOther}));
    }

    void theLastOneCanBeTakenBackAndNoOther() {
        const TemporaryFolder folder;
        const DataRoot root{folder.path()};
        const auto first = addExample(systemFiles(), root, kTalk);
        const auto second = addExample(systemFiles(), root, kOther);
        QCOMPARE(takeBackExample(systemFiles(), *first).error().code, codes::kDataChanged);
        QVERIFY(takeBackExample(systemFiles(), *second));
        QVERIFY(readBack(first->file) == std::vector<std::vector<text::Message>>{kTalk});
        QVERIFY(takeBackExample(systemFiles(), *first));
        QVERIFY(!isThere(first->file));
        QCOMPARE(takeBackExample(systemFiles(), *first).error().code, codes::kFileNotFound);
    }

    void whatHappensInBetweenLosesNothing() {
        for (const Fault fault : {Fault::Kill, Fault::Short}) {
            FaultFileLayer counter;
            {
                const TemporaryFolder folder;
                const DataRoot root{folder.path()};
                (void)addExample(systemFiles(), root, kTalk);
                const auto added = addExample(counter, root, kOther);
                QVERIFY(takeBackExample(counter, *added));
            }
            for (std::uint64_t k = 1; k <= counter.calls(); ++k) {
                const TemporaryFolder folder;
                const DataRoot root{folder.path()};
                (void)addExample(systemFiles(), root, kTalk);
                const auto work = [&] {
                    FaultFileLayer layer(k, fault);
                    if (const auto added = addExample(layer, root, kOther))
                        (void)takeBackExample(layer, *added);
                };
                if (fault == Fault::Kill)
                    QVERIFY(isKilledDuring(work));
                else
                    work();
                QVERIFY(addExample(systemFiles(), root, kOther));
                const auto examples = readBack(ownExamplesFile(root));
                QVERIFY(examples.front() == kTalk);
                QVERIFY(examples.back() == kOther);
            }
        }
    }
};

QTEST_GUILESS_MAIN(TestExampleFile)
#include "test_example_file.moc"
