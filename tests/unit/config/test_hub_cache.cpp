// Where the Hub's client keeps its files is found as it finds it.
#include <QTest>

#include "config/hub_cache.h"
#include "config/ollama_store.h"

using namespace llamahome::config;
namespace fs = std::filesystem;

class TestHubCache final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theNearestVariableCounts() {
        QCOMPARE(hubCacheFolder({}), fs::path());
        QCOMPARE(hubCacheFolder({{"HOME", "/home/me"}}), fs::path("/home/me/.cache/huggingface/hub"));
        QCOMPARE(hubCacheFolder({{"HOME", "/home/me"}, {"XDG_CACHE_HOME", "/c"}}),
                 fs::path("/c/huggingface/hub"));
        QCOMPARE(hubCacheFolder({{"HOME", "/home/me"}, {"XDG_CACHE_HOME", "/c"}, {"HF_HOME", "/hf"}}),
                 fs::path("/hf/hub"));
        const Environment older{
            {"HOME", "/home/me"}, {"HF_HOME", "/hf"}, {"HUGGINGFACE_HUB_CACHE", "/older/cache"}};
        QCOMPARE(hubCacheFolder(older), fs::path("/older/cache"));
        Environment both = older;
        both["HF_HUB_CACHE"] = "/cache";
        QCOMPARE(hubCacheFolder(both), fs::path("/cache"));
    }

    void relativeFoldersAreIgnored() {
        QCOMPARE(hubCacheFolder({{"HF_HOME", "hf"}, {"XDG_CACHE_HOME", "c"}, {"HOME", "/home/me"}}),
                 fs::path("/home/me/.cache/huggingface/hub"));
        QCOMPARE(hubCacheFolder({{"HF_HUB_CACHE", "cache"}, {"HF_HOME", "/hf"}}), fs::path("/hf/hub"));
        QCOMPARE(hubCacheFolder({{"HOME", "me"}}), fs::path());
    }

    void ollamasStoreIsTheChosenOneOrThoseOfTheUserAndTheService() {
        QVERIFY(ollamaStoreFolders({{"HOME", "/home/me"}, {"OLLAMA_MODELS", "/big"}}) ==
                std::vector<fs::path>{"/big"});
        const std::vector<fs::path> usual = ollamaStoreFolders({{"HOME", "/home/me"}});
        QCOMPARE(usual.size(), std::size_t{2});
        QCOMPARE(usual.front(), fs::path("/home/me/.ollama/models"));
        QVERIFY(ollamaStoreFolders({{"HOME", "/home/me"}, {"OLLAMA_MODELS", "big"}}) == usual);
        QCOMPARE(ollamaStoreFolders({}).size(), std::size_t{1});
    }
};

QTEST_GUILESS_MAIN(TestHubCache)
#include "test_hub_cache.moc"
