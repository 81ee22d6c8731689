// What the tests of imports look at: a GGUF file, and whether a folder is as it was and a model whole.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <QTest>

#include "core/hash.h"
#include "jobs/verify/verify_model.h"
#include "library_fixture.h"

namespace llamahome::testing {

inline const std::filesystem::path kGguf =
    std::filesystem::path(LLAMAHOME_TEST_DATA) / "formats" / "tiny.gguf";

inline void writeText(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::create_directories(path.parent_path());
    QVERIFY(writeFileAtomically(systemFiles(), path, text));
}

/// Every path under a folder, files with their content's hash: what "nothing was changed" means.
inline std::vector<std::string> contentOf(const std::filesystem::path& folder) {
    std::vector<std::string> content;
    std::error_code failure;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, failure)) {
        std::string line = entry.path().string();
        if (entry.is_regular_file()) line += " " + *sha256File(entry.path());
        content.push_back(line);
    }
    std::sort(content.begin(), content.end());
    return content;
}

inline void flipLastByte(const std::filesystem::path& path) {
    std::string bytes = *readFile(path);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    writeText(path, bytes);
}

inline bool isWhole(const jobs::ModelEntry& entry) {
    const auto report = jobs::verifyModel(entry, /*deep=*/true, {}, {});
    return report && report->ok;
}

inline jobs::ImportRequest folderRequest(const LibraryFixture& fixture) {
    return fixture.request();
}

inline jobs::ImportRequest linkRequest(const LibraryFixture& fixture) {
    jobs::ImportRequest request = fixture.request();
    request.link = true;
    return request;
}

inline jobs::ImportRequest ggufRequest(const LibraryFixture& fixture) {
    jobs::ImportRequest request = fixture.request();
    request.source = kGguf;
    return request;
}

} // namespace llamahome::testing
