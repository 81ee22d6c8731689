#include "jobs/download/model_files.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "config/nearest_name.h"
#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/shown_text.h"
#include "formats/hub/hub_names.h"
#include "jobs/import/import_files.h"

namespace llamahome::jobs {
namespace {

constexpr std::size_t kShownNames = 12;
constexpr std::size_t kPlaceDigits = 5;

using Names = std::vector<std::string>;

bool has(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<int> fiveDigits(std::string_view text) {
    if (text.size() != kPlaceDigits) return std::nullopt;
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

/// "model-00002-of-00004.safetensors": "model", 2, 4, ".safetensors".
struct ShardName {
    std::string stem;
    int place = 0;
    int count = 0;
    std::string ending;
};

std::optional<ShardName> shardName(std::string_view name) {
    constexpr std::string_view kOf = "-of-";
    const std::size_t of = name.rfind(kOf);
    if (of == std::string_view::npos || of < kPlaceDigits + 1) return std::nullopt;
    const std::string_view ending = name.substr(std::min(of + kOf.size() + kPlaceDigits, name.size()));
    const auto count = fiveDigits(name.substr(of + kOf.size(), kPlaceDigits));
    const auto place = fiveDigits(name.substr(of - kPlaceDigits, kPlaceDigits));
    if (!count || !place || name[of - kPlaceDigits - 1] != '-') return std::nullopt;
    return ShardName{std::string(name.substr(0, of - kPlaceDigits - 1)), *place, *count, std::string(ending)};
}

Error incomplete(const std::string& source, const std::string& stem, std::size_t found, int count) {
    return Error{codes::kNothingUsable, source + ": found " + std::to_string(found) + " of the " +
                                            std::to_string(count) + " parts of " + quotedText(stem) +
                                            ", expected all; take another revision or source"};
}

/// The shards "<stem>-NNNNN-of-NNNNN<ending>" among `names`, all of one set; none where there is none.
Result<Names> shardsOf(const Names& names, std::string_view stem, std::string_view ending,
                       const std::string& source) {
    Names shards;
    int count = 0;
    for (const std::string& name : names) {
        const auto shard = shardName(name);
        if (!shard || shard->stem != stem || shard->ending != ending) continue;
        count = std::max(count, shard->count);
        shards.push_back(name);
    }
    if (shards.size() != static_cast<std::size_t>(count))
        return incomplete(source, std::string(stem) + std::string(ending), shards.size(), count);
    return shards;
}

/// One file, else its shards and their index.
Result<Names> weightsOf(const Names& names, std::string_view file, std::string_view index,
                        const std::string& source) {
    if (has(names, file)) return Names{std::string(file)};
    const std::size_t dot = file.rfind('.');
    auto shards = shardsOf(names, file.substr(0, dot), file.substr(dot), source);
    if (!shards || shards->empty()) return shards;
    if (!has(names, index))
        return Error{codes::kNothingUsable, source + ": found " + shards->front() + " and others, but no " +
                                                std::string(index) +
                                                " that leads to them; take another revision or source"};
    shards->emplace_back(index);
    return shards;
}

Names metaWeights(const Names& names) {
    Names weights;
    if (!has(names, "params.json") || !has(names, formats::kTokenizerModel)) return weights;
    std::copy_if(names.begin(), names.end(), std::back_inserter(weights), [](const std::string& name) {
        return name.starts_with("consolidated.") && name.ends_with(".pth");
    });
    return weights;
}

bool isGguf(std::string_view name) {
    return lowerAscii(name).ends_with(".gguf");
}

std::string listed(const Names& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kShownNames); ++i)
        text += (i > 0 ? ", " : "") + names[i];
    return names.size() > kShownNames ? text + " and " + std::to_string(names.size() - kShownNames) + " more"
                                      : text;
}

Names ggufFiles(const Names& names) {
    Names files;
    std::copy_if(names.begin(), names.end(), std::back_inserter(files), isGguf);
    return files;
}

Result<ModelFiles> namedGguf(const Names& names, const std::string& wanted, const std::string& source) {
    const Names files = ggufFiles(names);
    if (!has(files, wanted)) {
        const std::string near = config::nearestName(wanted, files);
        return Error{codes::kDownloadSource,
                     "--file: found " + quotedText(wanted) + ", expected one of the GGUF files of " + source +
                         ": " + (files.empty() ? std::string("it has none") : listed(files)) +
                         (near.empty() ? "" : "; nearest is " + near)};
    }
    ModelFiles chosen{SourceForm::Gguf, {wanted}, wanted};
    if (const auto shard = shardName(wanted)) {
        auto parts = shardsOf(files, shard->stem, shard->ending, source);
        if (!parts) return parts.error();
        std::sort(parts->begin(), parts->end());
        chosen.gguf = parts->front();
        chosen.names = std::move(*parts);
    }
    return chosen;
}

/// What a source without a model holds, in words that lead on.
Error nothingUsable(const Names& names, const std::string& source) {
    const Names gguf = ggufFiles(names);
    if (!gguf.empty())
        return Error{codes::kNothingUsable,
                     source +
                         ": found GGUF files only, of which one has to be chosen; name it with --file: " +
                         listed(gguf)};
    if (has(names, "adapter_config.json"))
        return Error{codes::kNothingUsable,
                     source + ": found an adapter, expected a whole model; get its folder by other means and "
                              "take it over with `llamahome import PATH`"};
    const bool isOther = has(names, "tf_model.h5") || has(names, "flax_model.msgpack");
    return Error{codes::kNothingUsable,
                 source + ": found no model of this program's kind" +
                     (isOther ? " (only TensorFlow's or Flax's weights)" : "") +
                     ", expected config.json and .safetensors files, or pytorch_model.bin; take another one"};
}

/// The tokenizer is looked for before gigabytes are fetched in vain.
Result<void> checkTokenizerThere(const Names& names, const std::string& source) {
    if (has(names, formats::kTokenizerFile) || has(names, formats::kTokenizerModel)) return {};
    return Error{codes::kNothingUsable, source + ": found weights, but neither tokenizer.json nor "
                                                 "tokenizer.model; take another model"};
}

/// All that belongs to a model but the weights, and of those the chosen ones.
Names withWeights(const Names& names, const Names& weights) {
    Names taken;
    for (const std::string& name : names) {
        const bool isOtherWeights =
            name.ends_with(".safetensors") || name == formats::kWeightsIndex || name == "checklist.chk";
        if (has(weights, name) || (belongsToModel(name) && !isOtherWeights)) taken.push_back(name);
    }
    return taken;
}

Result<ModelFiles> hubFiles(const Names& top, const std::string& source) {
    auto weights = weightsOf(top, formats::kWeightsFile, formats::kWeightsIndex, source);
    if (!weights) return weights.error();
    SourceForm form = SourceForm::HubFolder;
    if (weights->empty()) {
        form = SourceForm::Pickled;
        weights = weightsOf(top, formats::kPickledFile, formats::kPickledIndex, source);
        if (!weights) return weights.error();
    }
    if (weights->empty()) return ModelFiles{form, {}};
    if (auto there = checkTokenizerThere(top, source); !there) return there.error();
    return ModelFiles{form, withWeights(top, *weights)};
}

Names metaFiles(const Names& top, Names weights) {
    weights.emplace_back("params.json");
    weights.emplace_back(formats::kTokenizerModel);
    if (has(top, "checklist.chk")) weights.emplace_back("checklist.chk");
    std::copy_if(top.begin(), top.end(), std::back_inserter(weights), isSideFile);
    return weights;
}

} // namespace

Result<ModelFiles> chooseModelFiles(const Names& names, const std::string& wanted,
                                    const std::string& source) {
    if (!wanted.empty()) return namedGguf(names, wanted, source);
    Names top;
    std::copy_if(names.begin(), names.end(), std::back_inserter(top),
                 [](const std::string& name) { return name.find('/') == std::string::npos; });
    if (has(top, formats::kModelConfigFile)) {
        auto files = hubFiles(top, source);
        if (!files || !files->names.empty()) return files;
    }
    if (const Names weights = metaWeights(top); !weights.empty())
        return ModelFiles{SourceForm::Meta, metaFiles(top, weights)};
    return nothingUsable(names, source);
}

} // namespace llamahome::jobs
