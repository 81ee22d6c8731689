// dump_contents: reads lines "FORMAT PATH" and answers each with one line of JSON: what this program's reader
// of that format sees in the file, or its error. For check_against_readers.py.
#include <iostream>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/file_layer.h"
#include "core/json.h"
#include "formats/gguf/gguf_reader.h"
#include "formats/safetensors/safetensors_reader.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;
using namespace llamahome::formats;

namespace {

/// Name to type, shape and SHA-256 of the bytes as they are read.
Result<Json> tensorsOf(TensorSource& source) {
    Json tensors = Json::object();
    std::vector<std::byte> bytes;
    for (const TensorInfo& tensor : source.tensors()) {
        bytes.resize(tensor.byteSize());
        if (auto read = source.read(tensor, bytes); !read) return read.error();
        Digest hash(DigestKind::Sha256);
        hash.update(bytes);
        tensors[tensor.name] = {dtypeName(tensor.dtype), tensor.shape, hash.hex()};
    }
    return tensors;
}

Result<Json> safetensorsOf(const std::string& path) {
    const auto reader = SafetensorsReader::open(path);
    if (!reader) return reader.error();
    auto tensors = tensorsOf(**reader);
    if (!tensors) return tensors.error();
    return Json{{"tensors", *tensors}, {"metadata", (*reader)->metadata()}};
}

Result<Json> ggufOf(const std::string& path) {
    const auto reader = GgufReader::open(path);
    if (!reader) return reader.error();
    auto tensors = tensorsOf(**reader);
    if (!tensors) return tensors.error();
    Json metadata = Json::object();
    for (const auto& [key, value] : (*reader)->metadata())
        std::visit([&, &name = key](const auto& held) { metadata[name] = held; }, value);
    return Json{{"tensors", *tensors}, {"metadata", metadata}};
}

Result<Json> jsonOf(const std::string& path) {
    return readJsonFile(path);
}

/// The ids of each text of the file "texts.json" beside a tokenizer.json.
Result<Json> tokenizerOf(const std::string& path) {
    const auto texts = readJsonFile(std::filesystem::path(path).parent_path() / "texts.json");
    if (!texts) return texts.error();
    const auto json = readJsonFile(path);
    if (!json) return json.error();
    const auto tokenizer = text::Tokenizer::parse(*json, path);
    if (!tokenizer) return tokenizer.error();
    Json ids = Json::array();
    for (const Json& line : *texts)
        ids.push_back(tokenizer->encode(line.get<std::string>(), text::SpecialTokens::Recognised));
    return ids;
}

Result<Json> contentsOf(const std::string& format, const std::string& path) {
    if (format == "safetensors") return safetensorsOf(path);
    if (format == "gguf") return ggufOf(path);
    if (format == "tokenizer") return tokenizerOf(path);
    return jsonOf(path);
}

} // namespace

int main() {
    std::string format;
    std::string path;
    while (std::cin >> format && std::getline(std::cin >> std::ws, path)) {
        const auto contents = contentsOf(format, path);
        const Json answer =
            contents ? Json{{"contents", *contents}}
                     : Json{{"code", contents.error().code.text}, {"message", contents.error().message}};
        std::cout << writeJsonLine(answer) << std::endl;
    }
    return 0;
}
