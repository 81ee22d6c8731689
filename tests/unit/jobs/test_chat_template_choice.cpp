#include <QTest>

#include "config/setting_descriptor.h"
#include "core/error_codes.h"
#include "jobs/chat_template_choice.h"
#include "library_fixture.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;

class TestChatTemplateChoice final : public QObject {
    Q_OBJECT

private:
    const LibraryFixture m_fixture;

private Q_SLOTS:
    void aTemplateOfOnesOwnIsRenderedAndLearned() {
        const auto file = m_fixture.folder() / "mine.yaml";
        QVERIFY(writeFileAtomically(systemFiles(), file,
                                    "system: {after: \"\\n\\n\"}\n"
                                    "user: {before: \"Q: \", after: \"\\n\"}\n"
                                    "assistant: {before: \"A:\", after: \"\\n\"}\n"
                                    "end: \"<|im_end|>\"\n"));
        const auto chat = chosenTemplate(m_fixture.source(), file.string());
        QVERIFY2(chat, chat ? "" : chat.error().message.c_str());
        QCOMPARE(chat->turnEnd(), std::string("<|im_end|>"));
        QVERIFY(chat->wantsTokenizerPrefix());
        const auto segments =
            chat->render({{"system", "Be brief."}, {"user", "1+1?"}, {"assistant", " 2"}, {"user", "Sure?"}},
                         {.addGenerationPrompt = true});
        QVERIFY(segments);
        QCOMPARE(text::joinedText(*segments),
                 std::string("Be brief.\n\nQ: 1+1?\nA: 2<|im_end|>\nQ: Sure?\nA:"));
        std::string learned;
        for (const text::Segment& segment : *segments)
            learned += segment.supervised ? segment.text : std::string();
        QCOMPARE(learned, std::string(" 2<|im_end|>"));
        const auto tool = chat->render({{"user", "x"}, {"tool", "y"}});
        QVERIFY(!tool && tool.error().code == codes::kTemplateMessages);
        QVERIFY(tool.error().message.find("system, user, assistant") != std::string::npos);
    }

    void aFileThatCannotBeUsedIsNamed() {
        const auto gone = chosenTemplate(m_fixture.source(), (m_fixture.folder() / "gone.yaml").string());
        QVERIFY(!gone && gone.error().code == codes::kFileNotFound);
        QVERIFY(gone.error().message.find("gone.yaml") != std::string::npos);
    }

    void formsOfferEveryTemplateThereIs() {
        const config::SettingDescriptor* setting = config::findSetting("data.template");
        QVERIFY(setting != nullptr);
        QCOMPARE(setting->suggestions, text::ChatTemplate::names());
        for (const std::string& name : setting->suggestions)
            QVERIFY2(chosenTemplate(m_fixture.source(), name), name.c_str());
        QCOMPARE(chosenTemplate(m_fixture.source(), "llama3.3")->name(), std::string("llama3"));
    }

    void anUnknownTemplateIsShownWithTheChoice() {
        const auto file = m_fixture.source() / "chat_template.jinja";
        QVERIFY(writeFileAtomically(systemFiles(), file, "{{ 'my own words' }}"));
        const auto unknown = chosenTemplate(m_fixture.source(), {});
        QVERIFY(std::filesystem::remove(file));
        QVERIFY(!unknown && unknown.error().code == codes::kTemplateUnknown);
        for (const std::string& name : text::ChatTemplate::names())
            QVERIFY(unknown.error().message.find(name) != std::string::npos);
        QVERIFY(unknown.error().detail.find("my own words") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestChatTemplateChoice)
#include "test_chat_template_choice.moc"
