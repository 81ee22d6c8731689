#include "jobs/train/run_note.h"

#include "core/error_codes.h"
#include "core/utf8.h"

namespace llamahome::jobs {

Result<std::string> readRunNote(const std::filesystem::path& run) {
    const auto text = readFile(run / kRunNoteName, kLongestRunNote);
    if (!text && text.error().code == codes::kFileNotFound) return std::string();
    if (!text) return text.error();
    return replaceInvalidUtf8(*text);
}

Result<void> writeRunNote(FileLayer& files, const std::filesystem::path& run, std::string_view note) {
    const std::filesystem::path path = run / kRunNoteName;
    if (note.empty()) return files.remove(path);
    if (note.size() > kLongestRunNote)
        return Error{codes::kFileTooLarge, displayPath(path) + ": found a note of " +
                                               std::to_string(note.size()) + " bytes, expected at most " +
                                               std::to_string(kLongestRunNote) + "; shorten it"};
    return writeFileAtomically(files, path, note);
}

} // namespace llamahome::jobs
