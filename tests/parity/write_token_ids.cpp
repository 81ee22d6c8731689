// Prints the ids of texts, for check_llama3_tokens.py and for comparing by hand.
// usage: write_token_ids TOKENIZER LINES_JSON   TOKENIZER is Meta's tokenizer.model, or a folder in Hub
// layout
#include <cstdio>
#include <filesystem>

#include "core/file_layer.h"
#include "core/json.h"
#include "formats/meta/meta_tokenizer.h"
#include "text/tokenizer/tokenizer.h"

using namespace llamahome;

namespace {

constexpr std::int64_t kLlama3Rows = 128256;

Result<text::Tokenizer> readTokenizer(const std::filesystem::path& path) {
    if (std::filesystem::is_directory(path)) return text::Tokenizer::load(path);
    formats::ModelConfig config;
    config.vocab_size = kLlama3Rows;
    const auto files = formats::tokenizerFromMeta(path, config, {});
    if (!files) return files.error();
    return text::Tokenizer::parse(files->tokenizer, path.string());
}

Result<Json> idsOf(const char* tokenizerPath, const char* linesFile) {
    const auto tokenizer = readTokenizer(tokenizerPath);
    if (!tokenizer) return tokenizer.error();
    const auto lines = readJsonFile(linesFile);
    if (!lines) return lines.error();
    Json all = Json::array();
    for (const Json& line : *lines)
        all.push_back(tokenizer->encode(line.get<std::string>(), text::SpecialTokens::Recognised));
    return all;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: write_token_ids TOKENIZER LINES_JSON\n");
        return 2;
    }
    const auto ids = idsOf(argv[1], argv[2]);
    if (!ids) {
        std::fprintf(stderr, "%s\n", ids.error().message.c_str());
        return 1;
    }
    std::puts(writeJsonLine(*ids).c_str());
    return 0;
}
