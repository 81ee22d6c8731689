// Library: what is known and what is installed, read afresh from the disk at each call. Any thread but GUI.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/catalog.h"
#include "core/result.h"
#include "jobs/library/data_root.h"
#include "jobs/library/manifest.h"

namespace llamahome::jobs {

enum class ModelState {
    Absent,   ///< known, not here
    Partial,  ///< a download is not whole, which the next one goes on with; or an import or a removal was
              ///< cut off, which the next import or removal clears away
    Verified, ///< proved when it was imported, and all files are there with their sizes
    Damaged,  ///< a file is missing or of another size, the manifest cannot be read, or a check has found it
    Offline,  ///< its drive, or that of a linked file, is not there
    Foreign,  ///< a folder with a model that was put there by hand: an import makes it one of the library's
};

/// "absent", "partial", "verified", "damaged", "offline", "foreign": for scripts.
std::string_view stateName(ModelState state);
/// The same for people, in the shell and in the window: "not installed", "cut off", "ready", "damaged",
/// "disk away", "not in the library". Ends with a zero byte.
std::string_view stateWord(ModelState state);

/// One known or installed model, or one adapter.
struct ModelEntry {
    std::string family;  ///< or the organisation, or "local"; "finetuned" for adapters
    std::string version; ///< or the name
    std::string name;    ///< for people and for options: "smollm2/135m-instruct"; an adapter's bare name
    std::string hubId;   ///< empty: none known
    std::filesystem::path path; ///< the folder; where it would lie when absent
    ModelState state = ModelState::Absent;
    std::string kind = std::string(kModelKind); ///< or kAdapterKind
    std::uint64_t sizeBytes = 0; ///< installed: of its files and quantised weights; absent: of the download
    std::string licence;
    std::optional<config::CatalogVersion> catalog; ///< facts, where the catalogue has it
    std::string problem;                           ///< what is wrong with one that cannot be used
    bool isDownload = false; ///< of Partial: a download that can go on, and is removed as a model is
    std::uint64_t memoryToChatBytes = 0; ///< on this machine; 0: not known
    /// The least: one row of 512 tokens at a time, layers recomputed, r 8 on q and v; 0: not known.
    std::uint64_t memoryToTrainBytes = 0;
    std::string notice; ///< for people, e.g. that a version exists as Instruct only; usually empty

    bool isUsable() const { return state == ModelState::Verified; }
};

/// The words that name it in a command: "smollm2 135m-instruct", an adapter's name.
std::string commandWords(const ModelEntry& entry);

/// The same for `download`, which takes other names of the Hub in one word: "org/name".
std::string downloadWords(const ModelEntry& entry);

/// Where a model of that name would lie in the root.
std::filesystem::path modelFolder(const DataRoot& root, std::string_view family, std::string_view version);

class Library {
public:
    /// `catalog` is copied: a Library is a value.
    Library(DataRoot root, config::Catalog catalog);

    const DataRoot& root() const { return m_root; }
    const config::Catalog& catalog() const { return m_catalog; }

    /// Catalogued models in the catalogue's order, then other installed ones and foreign folders by name,
    /// then those of each further folder that the ones before have not. A folder without a manifest that
    /// holds no model's files is none.
    std::vector<ModelEntry> list() const;
    /// Those of one family, organisation or "local". CAT-02 names the nearest for one that is neither known
    /// nor there.
    Result<std::vector<ModelEntry>> listFamily(std::string_view family) const;
    /// data/models/finetuned/*, by name, foreign ones among them.
    std::vector<ModelEntry> installedAdapters() const;

    /// The entry of that name, catalogued (aliases and Hub ids included), installed, downloaded in part or
    /// foreign; nothing where it is none of them.
    std::optional<ModelEntry> find(std::string_view family, std::string_view version) const;
    std::optional<ModelEntry> findAdapter(std::string_view name) const;
    /// A model or adapter folder anywhere. Without a manifest it counts as verified when its configuration
    /// can be read; nothing where it is neither kind of folder.
    std::optional<ModelEntry> describeFolder(const std::filesystem::path& folder) const;

private:
    /// Where a model of that name lies, or would: in the root, else in the first library that has it.
    std::filesystem::path placeOf(std::string_view family, std::string_view version) const;
    /// State and figures by what is on the disk.
    void addFacts(ModelEntry& entry) const;
    /// Of a model whose library is away.
    void addAwayFacts(ModelEntry& entry) const;
    /// A model that is not in `entries` yet, where there is one of that name.
    void addOther(const std::string& family, const std::string& version,
                  std::vector<ModelEntry>& entries) const;
    /// Those of one of the places.
    void addOthers(const std::filesystem::path& place, std::vector<ModelEntry>& entries) const;
    ModelEntry catalogued(const config::CatalogVersion& version) const;
    /// An entry of data/models that the catalogue does not have.
    ModelEntry other(std::string_view family, std::string_view version) const;
    /// The folders right in data/models that hold a model, where only families should be.
    std::vector<ModelEntry> strays() const;

    DataRoot m_root;
    config::Catalog m_catalog;
};

} // namespace llamahome::jobs
