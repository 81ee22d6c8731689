// A data root in a temporary folder with a small catalogue, for the tests of the library of models. One
// thread.
#pragma once

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include "config/catalog.h"
#include "jobs/import/import_model.h"
#include "jobs/library/library.h"
#include "jobs/library/root_lock.h"
#include "support/fault_file_layer.h"
#include "support/killed.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

namespace llamahome::testing {

/// Families llama (default 3.3-70b) and smollm2 (135m, 135m-instruct).
inline config::Catalog smallCatalog() {
    const auto json = parseJson(R"({
        "llama": {"formats": ["meta", "hub"], "versions": ["3.3-70b", "3.2-1b", "3.1-8b"],
                  "default_version": "3.3-70b", "min_gpu_memory": {"3.3-70b": 40, "3.2-1b": 4, "3.1-8b": 8},
                  "details": {"3.3-70b": {"hub_id": "meta-llama/Llama-3.3-70B-Instruct",
                                          "parameters": 70553706496, "instruct": true},
                              "3.2-1b": {"hub_id": "meta-llama/Llama-3.2-1B", "parameters": 1235814400},
                              "3.1-8b": {"hub_id": "meta-llama/Llama-3.1-8B", "parameters": 8030261248}}},
        "smollm2": {"formats": ["hub", "gguf"], "versions": ["135m", "135m-instruct"],
                    "default_version": "135m-instruct", "min_gpu_memory": {},
                    "details": {"135m": {"hub_id": "HuggingFaceTB/SmolLM2-135M", "parameters": 134515008},
                                "135m-instruct": {"hub_id": "HuggingFaceTB/SmolLM2-135M-Instruct",
                                                  "parameters": 134515008, "licence": "Apache-2.0"}}}})",
                                "models.json");
    if (!json) throw std::runtime_error(json.error().message);
    auto catalog = config::Catalog::parse(*json, "models.json");
    if (!catalog) throw std::runtime_error(catalog.error().message);
    return std::move(*catalog);
}

/// A root with the lock taken when asked for, and a source model beside it.
class LibraryFixture {
public:
    explicit LibraryFixture(std::uint64_t seed = 1) { writeTinyModel(source(), tinyConfig(), seed); }

    const std::filesystem::path& folder() const { return m_folder.path(); }
    std::filesystem::path source() const { return m_folder / "source"; }
    jobs::DataRoot root() const { return {m_folder / "root"}; }
    const config::Catalog& catalog() const { return m_catalog; }
    jobs::Library library() const { return {root(), m_catalog}; }
    std::filesystem::path installed() const { return jobs::modelFolder(root(), "smollm2", "135m-instruct"); }

    jobs::ImportRequest request() const { return {source(), "smollm2", "135m-instruct", false}; }
    Result<jobs::ImportResult> import(const jobs::ImportRequest& request, FileLayer& files = systemFiles(),
                                      const CancelToken& cancel = {},
                                      const ProgressSink& progress = {}) const {
        const auto lock = jobs::RootLock::acquire(root());
        if (!lock) return lock.error();
        return jobs::importModel(request, *lock, m_catalog, files, cancel, progress);
    }
    /// Imports and gives the entry; throws where that fails.
    jobs::ModelEntry importedModel() const {
        auto result = import(request());
        if (!result) throw std::runtime_error(result.error().message);
        return std::move(result->entry);
    }

private:
    TemporaryFolder m_folder;
    config::Catalog m_catalog = smallCatalog();
};

/// True when the message of the error has all of these in it.
inline bool names(const Error& error, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words)
        if (error.message.find(word) == std::string::npos) return false;
    return error.message.find('\n') == std::string::npos;
}

} // namespace llamahome::testing
