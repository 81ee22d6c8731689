#include "formats/impostor.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/quantity.h"
#include "formats/file_text.h"

namespace llamahome::formats {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::uint64_t kHeadBytes = 1U << 20;
constexpr std::uint64_t kFewestZeros = 4096; ///< a shorter run of zeros is left to the parser

struct Signature {
    std::string_view bytes;
    std::string_view name;
    std::size_t at = 0;
};

constexpr std::size_t kTarMagicAt = 257; ///< in the header of its first member
constexpr std::array kSignatures{
    Signature{"GGUF"sv, "GGUF"},
    Signature{"PK\x03\x04"sv, "zip or PyTorch"},
    Signature{"\x1F\x8B"sv, "gzip"},
    Signature{"\x28\xB5\x2F\xFD"sv, "zstd"},
    Signature{"7z\xBC\xAF\x27\x1C"sv, "7-Zip"},
    Signature{"\x89HDF"sv, "HDF5"},
    Signature{"\x93NUMPY"sv, "NumPy"},
    Signature{"%PDF-"sv, "PDF"},
    Signature{"\x7F"
              "ELF"sv,
              "program"},
    Signature{"ustar\0"sv, "tar", kTarMagicAt},
    Signature{"ustar "sv, "tar", kTarMagicAt}, // GNU's
};

constexpr std::array kServerTexts{"Entry not found"sv, "Repository not found"sv,
                                  "Invalid username or password"sv, "Access to model"sv, "{\"error\""sv};
constexpr std::array kPageStarts{"<!doctype"sv, "<html"sv, "<?xml"sv};

std::string_view firstLine(std::string_view text) {
    return text.substr(0, text.find_first_of("\r\n"));
}

/// What follows `key` on its line in a pointer file, or nothing.
std::string_view pointerField(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    return at == std::string_view::npos ? std::string_view{} : firstLine(text.substr(at + key.size()));
}

Error refuse(const InputFile& file, ErrorCode code, const std::string& what, const std::string& next) {
    return Error{code, file.shownPath() + ": " + what + "; " + next};
}

Result<void> refusePointer(const InputFile& file, std::string_view head) {
    if (head.starts_with("version https://git-lfs"))
        return refuse(file, codes::kLfsPointer,
                      "found a Git LFS pointer of " + formatBytes(file.size()) +
                          ", not the model (it stands for " + quotedText(pointerField(head, "size ")) +
                          " bytes with " + quotedText(pointerField(head, "oid ")) + ")",
                      "run `git lfs pull` there, or download the file again");
    return {};
}

/// ", titled "Sign in"", or nothing where a page's beginning names no title.
std::string pageTitle(std::string_view page) {
    const std::string lower = lowerAscii(page);
    const std::size_t tag = lower.find("<title");
    const std::size_t begin = tag == std::string::npos ? tag : lower.find('>', tag);
    const std::size_t end = begin == std::string::npos ? begin : lower.find('<', begin);
    if (end == std::string::npos) return {};
    return ", titled " + quotedText(page.substr(begin + 1, end - begin - 1));
}

Result<void> refuseWebText(const InputFile& file, std::string_view head) {
    const std::string start = lowerAscii(head.substr(0, 16));
    for (const std::string_view page : kPageStarts)
        if (start.starts_with(page))
            return refuse(file, codes::kWebPage,
                          "found a web page" + pageTitle(head) + ", probably of a login or an error",
                          "download the file again");
    for (const std::string_view text : kServerTexts)
        if (head.starts_with(text))
            return refuse(file, codes::kServerMessage,
                          "found a server's message, " + quotedText(firstLine(head)),
                          "download the file again");
    return {};
}

} // namespace

Result<void> refuseImpostor(const InputFile& file, std::string_view wanted, GenuineFile genuine) {
    if (file.size() == 0)
        return refuse(file, codes::kEmptyFile,
                      "the file is empty; an earlier download was probably interrupted", "download it again");
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::min(file.size(), kHeadBytes)));
    if (auto read = file.readAt(0, bytes); !read) return read;
    const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (head.size() > 8 && head[8] == '{') return {}; // how a safetensors file begins
    if (bytes.size() >= kFewestZeros && head.find_first_not_of('\0') == std::string_view::npos)
        return refuse(file, codes::kNeverFilled,
                      "found only zeros in the first " + formatBytes(bytes.size()) +
                          ": the file was reserved but never filled",
                      "download it again");
    for (const Signature& signature : kSignatures)
        if (signature.name != wanted &&
            head.substr(std::min(head.size(), signature.at)).starts_with(signature.bytes))
            return refuse(file, codes::kOtherFormat,
                          "found a " + std::string(signature.name) + " file, expected " + std::string(wanted),
                          "check the file's name and where it comes from");
    if (auto checked = refusePointer(file, head.substr(0, 1024)); !checked) return checked;
    return genuine == GenuineFile::Text ? Result<void>() : refuseWebText(file, head.substr(0, 1024));
}

} // namespace llamahome::formats
