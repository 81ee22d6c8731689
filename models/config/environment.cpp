#include "config/environment.h"

#include <algorithm>
#include <array>

#include <unistd.h>

#include "config/nearest_name.h"
#include "config/setting_parse.h"
#include "config/text_form.h"
#include "core/ascii.h"
#include "core/error_codes.h"
#include "core/log.h"

namespace llamahome::config {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kTestPrefix = "LLAMAHOME_TEST_"; ///< what only the project's tests read
constexpr std::array<std::string_view, 3> kRunModes{"development", "production", "testing"};

SettingProblem wrongValue(const EnvironmentVariable& variable, const std::string& message) {
    return {codes::kEnvironmentValue, variable.name, 0, variable.key, message};
}

void readRunMode(const EnvironmentVariable& variable, const std::string& value, EnvironmentReading& reading) {
    if (std::find(kRunModes.begin(), kRunModes.end(), value) == kRunModes.end()) {
        const std::string nearest = nearestName(value, {kRunModes.begin(), kRunModes.end()});
        reading.problems.push_back(
            wrongValue(variable, "found `" + value + "`, expected development, production or testing" +
                                     (nearest.empty() ? "" : "; nearest is `" + nearest + "`")));
    }
    if (value == "development")
        reading.settings.push_back({"logging.levels.default", "debug", variable.name});
    if (value == "testing") reading.settings.push_back({"model.hub.network", "loopback", variable.name});
}

void readOffline(const EnvironmentVariable& variable, const std::string& value, EnvironmentReading& reading) {
    std::string upper = value;
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const bool isFalse = upper == "0" || upper == "OFF" || upper == "NO" || upper == "FALSE";
    if (isTrueWord(value)) {
        reading.settings.push_back({variable.key, "off", variable.name});
    } else if (!isFalse) {
        reading.problems.push_back(wrongValue(variable, "found `" + value + "`, expected 1 or 0"));
    }
}

void readSecret(const EnvironmentVariable& variable, const std::string& value, EnvironmentReading& reading) {
    const std::size_t begin = value.find_first_not_of(" \t\r\n");
    const std::size_t end = value.find_last_not_of(" \t\r\n");
    const auto isOdd = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '\x7F'; };
    const bool isBad = begin == std::string::npos ||
                       std::any_of(value.begin() + static_cast<std::ptrdiff_t>(begin),
                                   value.begin() + static_cast<std::ptrdiff_t>(end) + 1, isOdd);
    if (isBad)
        reading.problems.push_back(wrongValue(variable,
                                              "found blanks inside, expected a token such as hf_…; copy it "
                                              "again from the Hub's settings page"));
}

void readFolder(const EnvironmentVariable& variable, const std::string& value, EnvironmentReading& reading) {
    if (value.front() == '/' || value == "~" || value.starts_with("~/")) return;
    reading.problems.push_back(wrongValue(variable, "found `" + redactSecrets(value) +
                                                        "`, expected a path that begins with / or ~/"));
}

void readProxy(const EnvironmentVariable& variable, const std::string& value, EnvironmentReading& reading) {
    if (variable.name == "no_proxy" || variable.name == "NO_PROXY") return;
    const auto isOdd = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
    if (std::none_of(value.begin(), value.end(), isOdd)) return;
    reading.problems.push_back(
        wrongValue(variable, "found an address with blanks, expected one such as http://host:3128"));
}

void readVariable(const EnvironmentVariable& variable, const std::string& value,
                  EnvironmentReading& reading) {
    switch (variable.role) {
    case VariableRole::Setting:
        reading.settings.push_back({variable.key, value, variable.name});
        break;
    case VariableRole::RunMode:
        readRunMode(variable, value, reading);
        break;
    case VariableRole::Offline:
        readOffline(variable, value, reading);
        break;
    case VariableRole::Secret:
        readSecret(variable, value, reading);
        break;
    case VariableRole::Folder:
        readFolder(variable, value, reading);
        break;
    case VariableRole::Index:
    case VariableRole::Proxy:
        readProxy(variable, value, reading);
        break;
    case VariableRole::Model:
        break; // needs the catalog
    }
}

void noticeUnknown(const Environment& environment, EnvironmentReading& reading) {
    std::vector<std::string> known;
    for (const EnvironmentVariable& variable : environmentVariables())
        known.push_back(variable.name);
    std::string unknown;
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("LLAMA") || name.starts_with(kTestPrefix)) continue;
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        const std::string nearest = nearestName(name, known);
        unknown +=
            (unknown.empty() ? "" : ", ") + name + (nearest.empty() ? "" : " (nearest: " + nearest + ")");
    }
    if (!unknown.empty()) reading.notices.push_back("unknown environment variables are ignored: " + unknown);
}

fs::path platformFolder(const Environment& environment, const std::string& variable, const char* underHome) {
    const fs::path chosen = environmentValue(environment, variable);
    if (chosen.is_absolute()) return chosen / "llamahome";
    const fs::path home = environmentValue(environment, "HOME");
    return home.is_absolute() ? home / underHome / "llamahome" : fs::path();
}

} // namespace

Environment processEnvironment() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos && equals > 0)
            environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return environment;
}

std::string environmentValue(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

const std::vector<EnvironmentVariable>& environmentVariables() {
    using Role = VariableRole;
    static const std::vector<EnvironmentVariable> variables{
        {"LLAMAHOME_ENV", "development: debug log; production: as set; testing: no network but this machine",
         Role::RunMode},
        {"LLAMAHOME_ROOT", "folder of models, data and runs", Role::Setting, "model.data_root"},
        {"LLAMAHOME_BATCH_SIZE", "rows a preparation worker takes at once; never the training batch",
         Role::Setting, "data.batch_rows"},
        {"LLAMAHOME_MAX_WORKERS", "threads that prepare data", Role::Setting, "training.max_workers"},
        {"LLAMAHOME_CACHE_SIZE", "MiB of processed data kept, oldest unused goes first", Role::Setting,
         "model.cache.size_mib"},
        {"LLAMA_MODEL", "family and generation used where no model is named, as llama3.3", Role::Model},
        {"LLAMA_MODEL_SIZE", "size used where no model is named, as 70b", Role::Model},
        {"LLAMA_MODEL_VARIANT", "base or chat, used where no model is named", Role::Model},
        {"LLAMA_MODEL_QUANT", "f16, bf16: 16-bit weights as they are; int8, nf4, w8a8: quantised on loading",
         Role::Setting, "model.quant"},
        {"LLAMA_NUM_GPU_LAYERS", "layers put on the GPU, or auto", Role::Setting, "model.gpu_layers"},
        {"LLAMA_MAX_SEQ_LEN", "longest context in chat and generation, in tokens", Role::Setting,
         "model.generation.max_seq_len"},
        {"LLAMA_MAX_BATCH_SIZE", "most prompts at once in generation", Role::Setting,
         "model.generation.max_batch_size"},
        {"HF_ENDPOINT", "address that models are downloaded from", Role::Setting, "model.hub.endpoint"},
        {"HF_HUB_OFFLINE", "1: no network at all", Role::Offline, "model.hub.network"},
        {"TRANSFORMERS_OFFLINE", "the same, as the transformers library names it", Role::Offline,
         "model.hub.network"},
        {"HF_TOKEN", "token for the Hub; wins over token files", Role::Secret},
        {"HUGGING_FACE_HUB_TOKEN", "older name of HF_TOKEN", Role::Secret},
        {"HF_TOKEN_PATH", "file that holds the token", Role::Folder},
        {"HF_HOME", "the Hub client's folder, for its token and its cache", Role::Folder},
        {"HF_HUB_CACHE", "where the Hub client keeps what it has fetched", Role::Folder},
        {"HUGGINGFACE_HUB_CACHE", "older name of HF_HUB_CACHE", Role::Folder},
        {"OLLAMA_MODELS", "where Ollama keeps its models", Role::Folder},
        {"PIP_INDEX_URL", "Python package index that the CUDA component is fetched from", Role::Index},
        {"SSL_CERT_FILE", "file with the authorities that a server's certificate may come from",
         Role::Folder},
        {"REQUESTS_CA_BUNDLE", "the same, as Python's programs name it", Role::Folder},
        {"https_proxy", "proxy for https addresses", Role::Proxy},
        {"HTTPS_PROXY", "proxy for https addresses", Role::Proxy},
        {"http_proxy", "proxy for http addresses", Role::Proxy},
        {"HTTP_PROXY", "proxy for http addresses", Role::Proxy},
        {"all_proxy", "proxy for both, where neither of the others is set", Role::Proxy},
        {"ALL_PROXY", "proxy for both, where neither of the others is set", Role::Proxy},
        {"no_proxy", "hosts reached without a proxy", Role::Proxy},
        {"NO_PROXY", "hosts reached without a proxy", Role::Proxy},
    };
    return variables;
}

EnvironmentReading readEnvironment(const Environment& environment) {
    EnvironmentReading reading;
    for (const EnvironmentVariable& variable : environmentVariables()) {
        const std::string value = environmentValue(environment, variable.name);
        if (!value.empty()) readVariable(variable, value, reading);
    }
    noticeUnknown(environment, reading);
    return reading;
}

std::vector<EnvironmentRow> describeEnvironment(const Environment& environment) {
    std::vector<EnvironmentRow> rows;
    for (const EnvironmentVariable& variable : environmentVariables()) {
        const std::string value = environmentValue(environment, variable.name);
        // A proxy's address may hold a password.
        const bool isHidden = variable.role == VariableRole::Secret || value.find('@') != std::string::npos;
        rows.push_back({variable.name,
                        value.empty() ? "not set"
                        : isHidden    ? "set, not shown"
                                      : redactSecrets(value),
                        variable.effect});
    }
    return rows;
}

bool isTrueWord(std::string_view text) {
    const std::string lower = lowerAscii(text);
    return lower == "1" || lower == "on" || lower == "yes" || lower == "true";
}

fs::path userConfigFolder(const Environment& environment) {
    return platformFolder(environment, "XDG_CONFIG_HOME", ".config");
}

fs::path platformDataFolder(const Environment& environment) {
    return platformFolder(environment, "XDG_DATA_HOME", ".local/share");
}

fs::path platformStateFolder(const Environment& environment) {
    return platformFolder(environment, "XDG_STATE_HOME", ".local/state");
}

} // namespace llamahome::config
