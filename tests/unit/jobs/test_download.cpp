// From a name to a model in the library, by the Hub: what is fetched, what is proved, what is left when it
// goes wrong.
#include <QTest>

#include "core/hash.h"
#include "download_ground.h"
#include "jobs/download/download_place.h"
#include "jobs/library/model_spec.h"
#include "jobs/library/remove_model.h"
#include "jobs/verify/repair_model.h"
#include "verify_ground.h"

using namespace llamahome;
using namespace llamahome::jobs;
using namespace llamahome::testing;
namespace fs = std::filesystem;

namespace {

const fs::path kFormats = fs::path(LLAMAHOME_TEST_DATA) / "formats";

std::vector<std::string> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder, failure))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// Everything that was written below a folder holds none of these.
bool isNowhereBelow(const fs::path& folder, const std::vector<std::string>& secrets) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        const auto bytes = readFile(entry.path());
        for (const std::string& secret : secrets)
            if (!bytes || bytes->find(secret) != std::string::npos) return false;
    }
    return true;
}

ModelEntry entryOf(const DownloadGround& ground) {
    return *ground.fixture.library().find("smollm2", "135m-instruct");
}

void flipLastByte(const fs::path& path) {
    std::string bytes = *readFile(path);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    if (!writeFileAtomically(systemFiles(), path, bytes)) throw std::runtime_error("not written");
}

} // namespace

class TestDownload final : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theNeededFilesBecomeAModel() {
        const DownloadGround ground;
        const auto result = ground.download(ground.request());
        QVERIFY2(result, result ? "" : told(result.error()).constData());
        QVERIFY(!result->wasThere);
        QVERIFY(result->entry.isUsable());
        QCOMPARE(result->entry.path, ground.fixture.installed());
        std::vector<std::string> expected = namesIn(ground.fixture.source());
        expected.emplace_back(kManifestName);
        std::sort(expected.begin(), expected.end());
        QCOMPARE(namesIn(result->entry.path), expected);
        QVERIFY2(verified(result->entry, true).ok, "every byte");
        QCOMPARE(ground.hub.countOf("gguf") + ground.hub.countOf("original") + ground.hub.countOf(".bin") +
                     ground.hub.countOf("onnx"),
                 std::size_t{0});
        QVERIFY(!fs::exists(ground.partial()));
    }

    void theManifestTellsWhoSaidWhat() {
        const DownloadGround ground;
        const auto manifest = readManifest(ground.downloaded().path);
        QVERIFY(manifest);
        QCOMPARE(manifest->source, std::string(kTinyId));
        QCOMPARE(manifest->commit, std::string(40, 'a'));
        for (const ManifestFile& file : manifest->files) {
            QCOMPARE(file.sha256, *sha256File(ground.fixture.source() / file.path));
            const bool isWeights = file.path == "model.safetensors";
            QCOMPARE(file.origin, ground.hub.endpoint() + (isWeights ? "" : " (git's SHA-1)"));
        }
    }

    void aModelThatIsThereIsNotFetchedAgain() {
        const DownloadGround ground;
        ground.downloaded();
        const std::size_t asked = ground.requests();
        const auto again = ground.download(ground.request());
        QVERIFY(again);
        QVERIFY(again->wasThere && again->repaired.empty());
        QCOMPARE(ground.requests(), asked);
        DownloadRequest everyByte = ground.request();
        everyByte.everyByte = true;
        const auto hashed = ground.download(everyByte);
        QVERIFY(hashed && hashed->wasThere);
        QCOMPARE(ground.requests(), asked);
    }

    void anyHubIdBecomesAModelOfItsOwnName() {
        DownloadGround ground;
        ground.hub.models["some-org/Tiny.Llama_2"] = ground.hub.models[kTinyId];
        const auto result = ground.download(ground.request({"some-org/Tiny.Llama_2"}));
        QVERIFY2(result, result ? "" : told(result.error()).constData());
        QCOMPARE(result->entry.name, std::string("some-org/Tiny.Llama_2"));
        QCOMPARE(result->entry.hubId, std::string("some-org/Tiny.Llama_2"));
        QVERIFY(ground.fixture.library().find("some-org", "Tiny.Llama_2")->isUsable());
    }

    void aRenamedRepositoryGetsItsNewName() {
        DownloadGround ground;
        ground.hub.models["old/tiny"].calledNow = "new/tiny";
        ground.hub.models["new/tiny"] = ground.hub.models[kTinyId];
        const auto result = ground.download(ground.request({"old/tiny"}));
        QVERIFY2(result, result ? "" : told(result.error()).constData());
        QCOMPARE(result->entry.name, std::string("new/tiny"));
        QCOMPARE(result->notes, std::vector<std::string>{"old/tiny is called new/tiny now"});
        const auto again = ground.download(ground.request({"old/tiny"}));
        QVERIFY(again && again->wasThere);
    }

    void whatWasStoppedIsToldAndGoesOn() {
        DownloadGround ground;
        const auto stopped = ground.stopped(ground.request());
        QVERIFY(!stopped);
        QCOMPARE(stopped.error().code, codes::kCancelled);
        const ModelEntry partial = entryOf(ground);
        QVERIFY(partial.state == ModelState::Partial);
        QVERIFY2(partial.problem.find("`llamahome download smollm2 135m-instruct` goes on") !=
                     std::string::npos,
                 partial.problem.c_str());
        const auto listed = ground.fixture.library().list();
        QVERIFY(std::any_of(listed.begin(), listed.end(), [](const ModelEntry& entry) {
            return entry.version == "135m-instruct" && entry.state == ModelState::Partial;
        }));
        const std::size_t asked = ground.hub.storeRequests().size();
        const auto whole = ground.download(ground.request());
        QVERIFY2(whole, whole ? "" : told(whole.error()).constData());
        QVERIFY2(verified(whole->entry, true).ok, "every byte");
        QCOMPARE(ground.hub.storeRequests().size(), asked + 1);
        QVERIFY2(ground.hub.storeRequests().back().headers.contains("range"), "what was there is kept");
    }

    void aBranchThatMovedMeanwhileChangesNothing() {
        DownloadGround ground;
        ground.hub.fault = [](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (request.target.find(HubServer::kSignature) == std::string::npos) return std::nullopt;
            return ServedAnswer{httpAnswer(404, "not yet")};
        };
        QVERIFY(!ground.download(ground.request()));
        ground.hub.fault = {};
        // The branch moves on; the commit that was begun with is there as before.
        const std::string before = ground.hub.models[kTinyId].commit;
        const std::string after(40, 'b');
        ground.hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (request.target.find("/revision/main") == std::string::npos) return std::nullopt;
            return ServedAnswer{httpAnswer(200, writeJson(Json{{"id", kTinyId}, {"sha", after}}))};
        };
        const auto result = ground.download(ground.request());
        QVERIFY2(result, result ? "" : told(result.error()).constData());
        QCOMPARE(readManifest(result->entry.path)->commit, before);
        const auto offers = [&](const std::string& note) {
            return note.find("moved on to " + after.substr(0, 12)) != std::string::npos;
        };
        QVERIFY(std::any_of(result->notes.begin(), result->notes.end(), offers));
    }

    void onlyTheDamagedFileIsFetchedAgain() {
        const DownloadGround ground;
        const ModelEntry entry = ground.downloaded();
        flipLastByte(entry.path / "model.safetensors");
        const VerifyReport report = verified(entry, true);
        QVERIFY(!report.ok);
        QCOMPARE(repairCommand(entry, *rowOf(report, "hashes").repair),
                 std::string("llamahome download smollm2 135m-instruct --repair"));
        const std::size_t others = ground.hub.countOf("/resolve/");
        DownloadRequest request = ground.request();
        request.everyByte = true;
        const auto repaired = ground.download(request);
        QVERIFY2(repaired, repaired ? "" : told(repaired.error()).constData());
        QCOMPARE(repaired->repaired, std::vector<std::string>{"model.safetensors"});
        QVERIFY(!repaired->wasThere);
        // config.json is looked at once more; of the rest only the weights are fetched.
        QCOMPARE(ground.hub.countOf("/resolve/"), others + 2);
        QVERIFY2(verified(entryOf(ground), true).ok, "every byte");
    }

    void aMissingFileNeedsNoOption() {
        const DownloadGround ground;
        const ModelEntry entry = ground.downloaded();
        fs::remove(entry.path / "tokenizer.json");
        const auto damaged = resolveModel(ground.fixture.library(), {{"smollm2", "135m-instruct"}, {}});
        QVERIFY(!damaged && names(damaged.error(), {"`llamahome download smollm2 135m-instruct`"}));
        const auto repaired = ground.download(ground.request());
        QVERIFY2(repaired, repaired ? "" : told(repaired.error()).constData());
        QCOMPARE(repaired->repaired, std::vector<std::string>{"tokenizer.json"});
        QVERIFY(entryOf(ground).isUsable());
    }

    void aDamagedManifestIsWrittenAnew() {
        const DownloadGround ground;
        const ModelEntry entry = ground.downloaded();
        const auto before = readManifest(entry.path);
        QVERIFY(writeFileAtomically(systemFiles(), entry.path / kManifestName, "{"));
        const auto repaired = ground.download(ground.request());
        QVERIFY2(repaired, repaired ? "" : told(repaired.error()).constData());
        QCOMPARE(readManifest(entry.path)->digest, before->digest);
    }

    void whatTheSourceNoLongerHasIsNotReplacedByOtherBytes() {
        DownloadGround ground;
        const ModelEntry entry = ground.downloaded();
        flipLastByte(entry.path / "model.safetensors");
        ground.hub.models[kTinyId].files["model.safetensors"] += "other";
        DownloadRequest request = ground.request();
        request.everyByte = true;
        const auto refused = ground.download(request);
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, codes::kModelDamaged);
        QVERIFY(names(refused.error(), {"another file of that name", "llamahome remove"}));
    }

    void anotherRevisionDoesNotReplaceTheOneThatIsThere() {
        DownloadGround ground;
        ground.downloaded();
        DownloadRequest request = ground.request();
        request.revision = std::string(40, 'a');
        QVERIFY(ground.download(request)->wasThere);
        request.revision = "main";
        QVERIFY(ground.download(request)->wasThere);
        ground.hub.models[kTinyId].commit = std::string(40, 'c');
        const auto other = ground.download(request);
        QVERIFY(!other);
        QCOMPARE(other.error().code, codes::kImportExists);
        QVERIFY(names(other.error(), {std::string(40, 'c'), "llamahome remove smollm2 135m-instruct"}));
    }

    void aGatedModelNeedsTheLicenceAndTheToken() {
        DownloadGround ground;
        ground.hub.models[kTinyId].isGated = true;
        DownloadRequest request = ground.request();
        const auto without = ground.download(request);
        QVERIFY(!without);
        QCOMPARE(without.error().code, codes::kHubGated);
        QVERIFY(names(without.error(), {std::string("https://huggingface.co/") + kTinyId, "HF_TOKEN"}));
        request.hub.token = HubServer::kOtherToken;
        const auto other = ground.download(request);
        QVERIFY(!other && other.error().code == codes::kHubGated);
        QVERIFY2(ground.hub.storeRequests().empty(), "nothing large is asked for before");
        request.hub.token = HubServer::kLicensedToken;
        const auto with = ground.download(request);
        QVERIFY2(with, with ? "" : told(with.error()).constData());
    }

    void secretsAreSentToTheHubOnlyAndWrittenNowhere() {
        DownloadGround ground;
        ground.hub.models[kTinyId].isGated = true;
        DownloadRequest request = ground.request();
        request.hub.token = HubServer::kLicensedToken;
        QVERIFY(!ground.stopped(request));
        const std::vector<std::string> secrets{HubServer::kLicensedToken, HubServer::kSignature};
        QVERIFY(isNowhereBelow(ground.fixture.root().path, secrets));
        QVERIFY(ground.download(request));
        QVERIFY(isNowhereBelow(ground.fixture.root().path, secrets));
        QVERIFY(!ground.hub.storeRequests().empty());
        for (const ServedRequest& asked : ground.hub.storeRequests())
            QVERIFY(!asked.headers.contains("authorization") && !asked.headers.contains("cookie"));
    }

    void anotherArchitectureIsRefusedBeforeItsWeights() {
        DownloadGround ground;
        std::string& config = ground.hub.models[kTinyId].files["config.json"];
        config.replace(config.find("LlamaForCausalLM"), 16, "MistralForCausal");
        config.replace(config.find("\"llama\""), 7, "\"mistral\"");
        const auto result = ground.download(ground.request());
        QVERIFY(!result);
        QCOMPARE(result.error().code, codes::kModelUnsupported);
        QVERIFY(names(result.error(), {"mistral", "nothing more of it was fetched"}));
        QCOMPARE(ground.hub.countOf("/resolve/"), std::size_t{1});
        QVERIFY(!fs::exists(ground.partial()));
    }

    void aHostileNameStopsEverything() {
        DownloadGround ground;
        ground.hub.models[kTinyId].files["../../escaped.json"] = "{}";
        const auto result = ground.download(ground.request());
        QVERIFY(!result);
        QCOMPARE(result.error().code, codes::kRemoteName);
        QCOMPARE(ground.hub.countOf("/resolve/"), std::size_t{0});
    }

    void namesThatUnicodeTakesForOneAreRefused() {
        DownloadGround ground;
        ground.hub.models[kTinyId].files["caf\xc3\xa9.md"] = "a";
        ground.hub.models[kTinyId].files["CAFE\xcc\x81.md"] = "b";
        const auto result = ground.download(ground.request());
        QVERIFY(!result);
        QCOMPARE(result.error().code, codes::kRemoteName);
    }

    void wrongBytesNeverGetAName() {
        DownloadGround ground;
        ground.hub.fault = [&](const ServedRequest& request) -> std::optional<ServedAnswer> {
            if (request.target.find(HubServer::kSignature) == std::string::npos) return std::nullopt;
            std::string bytes = ground.hub.models[kTinyId].files["model.safetensors"];
            bytes[bytes.size() / 2] ^= 1;
            return ServedAnswer{fileAnswer(request, bytes)};
        };
        const auto result = ground.download(ground.request());
        QVERIFY(!result);
        QCOMPARE(result.error().code, codes::kHashMismatch);
        QVERIFY(!fs::exists(ground.partial() / "files/model.safetensors"));
        QVERIFY(entryOf(ground).state == ModelState::Partial);
    }

    void pickledWeightsAreConverted() {
        DownloadGround ground;
        HubModel& model = ground.hub.addFolder("org/pickled", kFormats / "pickled_one");
        for (const char* name : {"tokenizer.json", "tokenizer_config.json"})
            if (!model.files.contains(name)) model.files[name] = *readFile(ground.fixture.source() / name);
        const auto result = ground.download(ground.request({"org/pickled"}));
        QVERIFY2(result, result ? "" : told(result.error()).constData());
        QVERIFY(fs::exists(result->entry.path / "model.safetensors"));
        QVERIFY(!fs::exists(result->entry.path / "pytorch_model.bin"));
        QCOMPARE(result->entry.hubId, std::string("org/pickled"));
        QCOMPARE(namesIn(ground.fixture.root().models() / "org"), std::vector<std::string>{"pickled"});
    }

    void ofGgufFilesOneIsNamed() {
        DownloadGround ground;
        HubModel& model = ground.hub.models["org/tiny-GGUF"];
        model.files["tiny.Q8_0.gguf"] = *readFile(kFormats / "tiny.gguf");
        model.files["tiny.Q2_K.gguf"] = "never to be fetched";
        model.files["README.md"] = "# Tiny";
        DownloadRequest request = ground.request({"org/tiny-GGUF"});
        const auto unnamed = ground.download(request);
        QVERIFY(!unnamed);
        QCOMPARE(unnamed.error().code, codes::kNothingUsable);
        QVERIFY(names(unnamed.error(), {"--file", "tiny.Q2_K.gguf, tiny.Q8_0.gguf"}));
        request.file = "tiny.q8_0.gguf";
        const auto nearly = ground.download(request);
        QVERIFY(!nearly && nearly.error().code == codes::kDownloadSource);
        QVERIFY(names(nearly.error(), {"nearest is tiny.Q8_0.gguf"}));
        request.file = "tiny.Q8_0.gguf";
        const auto result = ground.download(request);
        QVERIFY2(result, result ? "" : told(result.error()).constData());
        QVERIFY(result->entry.isUsable());
        QCOMPARE(readManifest(result->entry.path)->source, std::string("org/tiny-GGUF"));
        QCOMPARE(namesIn(ground.fixture.root().models() / "org"), std::vector<std::string>{"tiny-GGUF"});
    }

    void aRepositoryWithAPartMissingIsNotBegun() {
        DownloadGround ground;
        HubModel& model = ground.hub.models[kTinyId];
        model.files.erase("model.safetensors");
        model.files.erase("pytorch_model.bin");
        model.files["model-00001-of-00002.safetensors"] = "half";
        model.files["model.safetensors.index.json"] = "{}";
        const auto result = ground.download(ground.request());
        QVERIFY(!result);
        QCOMPARE(result.error().code, codes::kNothingUsable);
        QVERIFY(names(result.error(), {"1 of the 2 parts"}));
        QCOMPARE(ground.hub.countOf("/resolve/"), std::size_t{0});
    }

    void twoDownloadsOfOneModelDoNotMeet() {
        const DownloadGround ground;
        const auto held =
            DownloadPlace::claim(ground.fixture.root(), "smollm2", "135m-instruct", systemFiles());
        QVERIFY(held);
        const auto second = ground.download(ground.request());
        QVERIFY(!second);
        QCOMPARE(second.error().code, codes::kDownloadBusy);
    }

    void otherWorkGoesOnWhileItFetches() {
        DownloadGround ground;
        const auto lock = RootLock::acquire(ground.fixture.root());
        QVERIFY(lock); // somebody trains meanwhile
        const auto result = ground.download(ground.request());
        QVERIFY2(result, result ? "" : told(result.error()).constData());
    }

    void removingDeletesWhatWasFetched() {
        DownloadGround ground;
        QVERIFY(!ground.stopped(ground.request()));
        const auto plan = planRemoval(ground.fixture.root(), entryOf(ground));
        QVERIFY2(plan, plan ? "" : told(plan.error()).constData());
        QVERIFY(plan->freedBytes > 0);
        const auto lock = RootLock::acquire(ground.fixture.root());
        QVERIFY(lock);
        {
            const auto held =
                DownloadPlace::claim(ground.fixture.root(), "smollm2", "135m-instruct", systemFiles());
            const auto busy = removeModel(*plan, *lock, systemFiles());
            QVERIFY(!busy && busy.error().code == codes::kDownloadBusy);
        }
        const auto freed = removeModel(*plan, *lock, systemFiles());
        QVERIFY2(freed, freed ? "" : told(freed.error()).constData());
        QCOMPARE(*freed, plan->freedBytes);
        QVERIFY(!fs::exists(ground.partial()));
        QVERIFY(entryOf(ground).state == ModelState::Absent);
    }

    void anImportOrARemovalLeavesADownloadAlone() {
        DownloadGround ground;
        QVERIFY(!ground.stopped(ground.request()));
        QVERIFY(ground.fixture.import({ground.fixture.source(), "local", "other", false}));
        QVERIFY(fs::exists(ground.partial()));
        QVERIFY(entryOf(ground).state == ModelState::Partial);
    }

    void theSecondAddressIsAskedWithoutTheToken() {
        DownloadGround ground;
        std::string silent;
        {
            const HttpServer gone([](const ServedRequest&) { return ServedAnswer{}; });
            silent = gone.url("");
        }
        DownloadRequest request = ground.request();
        request.hub = {silent, HubServer::kLicensedToken};
        request.hubMirror = ground.hub.endpoint();
        const auto result = ground.download(request);
        QVERIFY2(result, result ? "" : told(result.error()).constData());
        for (const ServedRequest& asked : ground.hub.hubRequests())
            QVERIFY(!asked.headers.contains("authorization"));
    }

    void whatIsToBeDownloadedIsNamedInManyWays() {
        const DownloadGround ground;
        const Library library = ground.fixture.library();
        for (const std::vector<std::string>& words : {std::vector<std::string>{"smollm2", "135m-instruct"},
                                                      {"smollm2/135m-instruct"},
                                                      {"smollm2"},
                                                      {kTinyId},
                                                      {"huggingfacetb/smollm2-135m-instruct"}}) {
            const auto target = downloadTarget(library, words, {});
            QVERIFY(target);
            QCOMPARE(target->name(), std::string("smollm2/135m-instruct"));
        }
        const auto fromEnvironment =
            downloadTarget(library, {}, {{"LLAMA_MODEL", "smollm2"}, {"LLAMA_MODEL_SIZE", "135m"}});
        QVERIFY(fromEnvironment && fromEnvironment->family == "smollm2");
        const auto code = [&](const std::vector<std::string>& words) {
            const auto target = downloadTarget(library, words, {});
            return target ? std::string() : std::string(target.error().code.text);
        };
        QCOMPARE(code({}), std::string("LIB-08"));
        QCOMPARE(code({"./folder"}), std::string("LIB-08"));
        QCOMPARE(code({"/a/b"}), std::string("LIB-08"));
        QCOMPARE(code({"local/mine"}), std::string("LIB-08"));
        QCOMPARE(code({"a/b/c"}), std::string("LIB-08"));
        QCOMPARE(code({"llama/3.3-7b"}), std::string("CAT-03"));
        QCOMPARE(code({"smolm2"}), std::string("CAT-02"));
        QCOMPARE(code({"smolm2", "135m"}), std::string("CAT-02"));
    }
};

QTEST_GUILESS_MAIN(TestDownload)
#include "test_download.moc"
