#include <sys/stat.h>

#include <QTest>

#include "core/error_codes.h"
#include "core/json.h"
#include "jobs/chat/conversation_store.h"
#include "library_fixture.h"
#include "support/fault_file_layer.h"
#include "support/fixed_clock.h"
#include "support/temporary_folder.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

Conversation talk(const std::string& id, const std::string& question) {
    Conversation conversation;
    conversation.id = id;
    conversation.model = "smollm2/135m-instruct";
    conversation.adapter = "recipes";
    conversation.adapterScale = 0.75;
    conversation.system = "Be brief.";
    conversation.templateName = "alpaca";
    conversation.sampling.temperature = 0.3;
    conversation.sampling.seed = 42;
    conversation.messages = {
        {"user", question, {}, 0, 0.0},
        {"assistant", "Na\xc3\xafve \xf0\x9f\xa6\x99", "cancelled", 7, 0.25, "my-adapter", 0.5}};
    conversation.createdAt = "2026-01-31T12:00:00.000Z";
    conversation.updatedAt = "2026-01-31T12:05:00.000Z";
    return conversation;
}

std::vector<std::string> idsOf(const std::vector<ConversationInfo>& list) {
    std::vector<std::string> ids;
    for (const ConversationInfo& info : list)
        ids.push_back(info.id);
    return ids;
}

std::size_t filesIn(const fs::path& folder) {
    std::error_code failure;
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder, failure), fs::directory_iterator()));
}

} // namespace

class TestConversationStore final : public QObject {
    Q_OBJECT

private:
    TemporaryFolder m_folder;
    int m_number = 0;

    DataRoot freshRoot() { return {m_folder / ("root" + std::to_string(++m_number))}; }

    static void put(const DataRoot& root, const std::string& name, std::string_view text) {
        fs::create_directories(root.chats());
        QVERIFY(writeFileAtomically(systemFiles(), root.chats() / name, text));
    }

    /// A written conversation with one member changed.
    static std::string with(const std::string& key, const Json& value) {
        const TemporaryFolder folder;
        const DataRoot root{folder / "root"};
        if (!writeConversation(systemFiles(), root, talk("a", "b"))) return {};
        Json json = *readJsonFile(root.chats() / "a.json");
        json[key] = value;
        return writeJson(json);
    }

private Q_SLOTS:
    void whatIsWrittenIsRead() {
        const DataRoot root = freshRoot();
        const Conversation written = talk("one", "What is\nLoRA?");
        QVERIFY(writeConversation(systemFiles(), root, written));
        const auto read = readConversation(root, "one");
        QVERIFY2(read, read ? "" : read.error().message.c_str());
        QCOMPARE(read->id, written.id);
        QCOMPARE(read->model, written.model);
        QCOMPARE(read->adapter, written.adapter);
        QCOMPARE(read->adapterScale, written.adapterScale);
        QCOMPARE(read->system, written.system);
        QCOMPARE(read->templateName, written.templateName);
        QCOMPARE(read->sampling.temperature, 0.3);
        QCOMPARE(read->sampling.seed, std::int64_t{42});
        QCOMPARE(read->sampling.top_k, written.sampling.top_k);
        QVERIFY(read->messages == written.messages);
        QCOMPARE(read->createdAt, written.createdAt);
        QCOMPARE(read->updatedAt, written.updatedAt);
        QCOMPARE(filesIn(root.chats()), std::size_t{1});
    }

    void aConversationIsCalledByItsFirstLineUntilItHasAName() {
        Conversation conversation = talk("one", "\n  What is LoRA?\nAnd why?");
        QCOMPARE(conversationTitle(conversation), std::string("What is LoRA?"));
        conversation.messages.front().content = std::string(58, 'x') + "\xf0\x9f\xa6\x99\xf0\x9f\xa6\x99yz";
        QCOMPARE(conversationTitle(conversation),
                 std::string(58, 'x') + "\xf0\x9f\xa6\x99\xf0\x9f\xa6\x99\xe2\x80\xa6");
        conversation.title = "Mine";
        QCOMPARE(conversationTitle(conversation), std::string("Mine"));
        conversation.title.clear();
        conversation.messages.clear();
        QCOMPARE(conversationTitle(conversation), std::string());
    }

    void theNewestIsListedFirst() {
        const DataRoot root = freshRoot();
        QVERIFY(listConversations(root).empty());
        Conversation newer = talk("newer", "b");
        newer.updatedAt = "2026-02-01T00:00:00.000Z";
        QVERIFY(writeConversation(systemFiles(), root, talk("older", "a")));
        QVERIFY(writeConversation(systemFiles(), root, newer));
        const auto list = listConversations(root);
        QVERIFY(idsOf(list) == (std::vector<std::string>{"newer", "older"}));
        QCOMPARE(list[1].title, std::string("a"));
        QCOMPARE(list[1].model, std::string("smollm2/135m-instruct"));
        QVERIFY(list[1].problem.empty());
    }

    void historyIsWhatTheModelIsToldBeforeTheQuestion() {
        Conversation conversation = talk("one", "first");
        conversation.messages.push_back({"user", "second", {}, 0, 0.0});
        const auto history = historyOf(conversation);
        QVERIFY(history == (std::vector<text::Message>{{"system", "Be brief."},
                                                       {"user", "first"},
                                                       {"assistant", conversation.messages[1].content}}));
        conversation.system.clear();
        QCOMPARE(historyOf(conversation).front().role, std::string("user"));
    }

    void idsDifferByTimeAndNumber() {
        FixedClock clock;
        const std::string first = newConversationId(clock, 1);
        QVERIFY(first != newConversationId(clock, 2));
        QVERIFY2(first.starts_with("20260131T120000000Z-"), first.c_str());
    }

    void whatIsDamagedIsListedAndCanBeDeleted_data() {
        QTest::addColumn<QByteArray>("bytes");
        const auto row = [](const char* name, const std::string& bytes) {
            QTest::newRow(name) << QByteArray::fromStdString(bytes);
        };
        row("empty", "");
        row("no JSON", "hello");
        row("cut short", with("title", "x").substr(0, 100));
        row("a list", "[]");
        row("deep", std::string(5000, '[') + std::string(5000, ']'));
        row("no UTF-8", "{\"title\":\"\xff\"}");
        row("newer schema", with("schema", 2));
        row("huge schema", with("schema", 18446744073709551615ULL));
        row("messages are text", with("messages", "x"));
        row("messages are null", with("messages", nullptr));
        row("message without role", with("messages", Json::array({Json{{"content", "x"}}})));
        row("message of a stranger",
            with("messages", Json::array({Json{{"role", "root"}, {"content", "x"}}})));
        row("negative tokens", with("messages", Json::array({Json{{"role", "assistant"},
                                                                  {"content", "x"},
                                                                  {"finish", "stop"},
                                                                  {"tokens", -1},
                                                                  {"seconds", 1}}})));
        row("scale is no number", with("adapter_scale", nullptr));
        row("scale out of range", with("adapter_scale", 1e300));
        row("sampling is a list", with("sampling", Json::array()));
        row("temperature out of range", with("sampling", Json{{"temperature", "-1"}}));
        row("top k overflows", with("sampling", Json{{"top_k", "99999999999999999999"}}));
        row("top k is a number", with("sampling", Json{{"top_k", 5}}));
    }
    void whatIsDamagedIsListedAndCanBeDeleted() {
        QFETCH(QByteArray, bytes);
        const DataRoot root = freshRoot();
        put(root, "bad.json", bytes.toStdString());
        QVERIFY(writeConversation(systemFiles(), root, talk("good", "a")));
        const auto list = listConversations(root);
        QCOMPARE(list.size(), std::size_t{2});
        for (const ConversationInfo& info : list) {
            QCOMPARE(info.problem.empty(), info.id == "good");
            QVERIFY(!info.updatedAt.empty());
        }
        QVERIFY(!readConversation(root, "bad"));
        const auto removed = removeConversation(systemFiles(), root, "bad");
        QVERIFY(removed);
        QCOMPARE(QByteArray::fromStdString(removed->bytes), bytes);
        QVERIFY(idsOf(listConversations(root)) == std::vector<std::string>{"good"});
    }

    void whatIsNoFileIsListedAndNeverOpened() {
        const DataRoot root = freshRoot();
        fs::create_directories(root.chats() / "folder.json");
        QCOMPARE(::mkfifo((root.chats() / "pipe.json").c_str(), 0600), 0);
        fs::create_symlink("nowhere", root.chats() / "dangling.json");
        put(root, "other.txt", "not ours");
        put(root, ".hidden.json", "not ours");
        const auto list = listConversations(root);
        QCOMPARE(list.size(), std::size_t{3});
        for (const ConversationInfo& info : list)
            QVERIFY2(!info.problem.empty(), info.id.c_str());
    }

    void whatIsTooLargeIsListedAndDeletedWithoutBeingRead() {
        const DataRoot root = freshRoot();
        put(root, "big.json", "x");
        fs::resize_file(root.chats() / "big.json", kMaxConversationBytes + 1);
        QCOMPARE(listConversations(root).size(), std::size_t{1});
        QVERIFY(readConversation(root, "big").error().code == codes::kFileTooLarge);
        const auto removed = removeConversation(systemFiles(), root, "big");
        QVERIFY(removed && removed->bytes.empty());
        Conversation grown = talk("grown", std::string(kMaxConversationBytes, 'x'));
        QVERIFY(writeConversation(systemFiles(), root, grown).error().code == codes::kFileTooLarge);
        QVERIFY(listConversations(root).empty());
    }

    void anIdNeverLeadsOutOfTheFolder() {
        const DataRoot root = freshRoot();
        put(root, "a.json", "x");
        QVERIFY(writeFileAtomically(systemFiles(), root.path / "data/precious.json", "precious"));
        for (const std::string id : {"../precious", "", ".a", "x/y"}) {
            QVERIFY(!readConversation(root, id));
            QVERIFY(!removeConversation(systemFiles(), root, id));
            QVERIFY(!writeConversation(systemFiles(), root, talk(id, "q")));
            QVERIFY(!putBackConversation(systemFiles(), root, {id, "y"}));
        }
        QCOMPARE(*readFile(root.path / "data/precious.json"), std::string("precious"));
        QCOMPARE(filesIn(root.chats()), std::size_t{1});
    }

    void deletingCanBeUndone() {
        const DataRoot root = freshRoot();
        QVERIFY(writeConversation(systemFiles(), root, talk("one", "a")));
        const std::string before = *readFile(root.chats() / "one.json");
        const auto removed = removeConversation(systemFiles(), root, "one");
        QVERIFY(removed);
        QCOMPARE(filesIn(root.chats()), std::size_t{0});
        QVERIFY(readConversation(root, "one").error().code == codes::kFileNotFound);
        QVERIFY(putBackConversation(systemFiles(), root, *removed));
        QCOMPARE(*readFile(root.chats() / "one.json"), before);
    }

    void deletingLeavesNothingThatACutLeftBehind() {
        const DataRoot root = freshRoot();
        QVERIFY(writeConversation(systemFiles(), root, talk("one", "a")));
        QVERIFY(writeConversation(systemFiles(), root, talk("one2", "b")));
        put(root, "one.json.tmp-99", "half of a secret");
        QVERIFY(removeConversation(systemFiles(), root, "one"));
        QVERIFY(idsOf(listConversations(root)) == std::vector<std::string>{"one2"});
        QCOMPARE(filesIn(root.chats()), std::size_t{1});
    }

    void aFullDiskAtAnyCallLeavesTheOldOrTheNewConversation() {
        for (const Fault fault : {Fault::DiskFull, Fault::Short, Fault::IoError}) {
            std::uint64_t failures = 0;
            for (std::uint64_t k = 1;; ++k) {
                const DataRoot root = freshRoot();
                QVERIFY(writeConversation(systemFiles(), root, talk("one", "old")));
                FaultFileLayer files(k, fault);
                const auto written = writeConversation(files, root, talk("one", "new"));
                const auto read = readConversation(root, "one");
                QVERIFY2(read, read ? "" : read.error().message.c_str());
                const std::string found = read->messages.front().content;
                QVERIFY2(found == "old" || found == "new", found.c_str());
                if (written) QCOMPARE(found, std::string("new"));
                failures += written ? 0 : 1;
                if (files.calls() < k) break;
            }
            QVERIFY(failures > 0);
        }
    }

    void aKillAtAnyCallLeavesTheOldOrTheNewConversation() {
        bool wasKilled = true;
        std::uint64_t kills = 0;
        for (std::uint64_t k = 1; wasKilled; ++k) {
            const DataRoot root = freshRoot();
            QVERIFY(writeConversation(systemFiles(), root, talk("one", "old")));
            wasKilled = isKilledDuring([&] {
                FaultFileLayer files(k, Fault::Kill);
                (void)writeConversation(files, root, talk("one", "new"));
            });
            kills += wasKilled ? 1 : 0;
            const auto list = listConversations(root);
            QCOMPARE(list.size(), std::size_t{1});
            QVERIFY2(list.front().problem.empty(), list.front().problem.c_str());
            QVERIFY(list.front().title == "old" || list.front().title == "new");
        }
        QVERIFY(kills > 3);
    }
};

QTEST_GUILESS_MAIN(TestConversationStore)
#include "test_conversation_store.moc"
