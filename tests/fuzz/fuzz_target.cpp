#include "fuzz_target.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "core/utf8.h"
#include "formats/file_text.h"
#include "support/temporary_folder.h"

namespace llamahome::fuzz {

const FuzzTarget* findTarget(std::string_view name) {
    for (const auto targets : {weightTargets(), textTargets(), recordTargets(), networkTargets()})
        for (const FuzzTarget& target : targets)
            if (target.name == name) return &target;
    return nullptr;
}

const std::filesystem::path& scratchFolder() {
    static const testing::TemporaryFolder folder;
    return folder.path();
}

std::filesystem::path scratchFile(std::string_view name, std::string_view bytes) {
    std::filesystem::path path = scratchFolder() / name;
    std::filesystem::remove(path); // some file systems flush a file that is cut to nothing and rewritten
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
}

void require(bool holds, std::string_view what) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

void requireGoodError(const Error& error) {
    constexpr std::size_t kLongestMessage = 4096;
    require(!error.code.text.empty(), "an error has a code");
    require(!error.message.empty(), "an error has a message");
    require(error.message.size() <= kLongestMessage, "a message is short: " + error.message.substr(0, 300));
    require(isUtf8(error.message), "a message is UTF-8: " + error.message);
    require(formats::isPlainText(error.message), "a message is plain text: " + error.message);
}

} // namespace llamahome::fuzz
