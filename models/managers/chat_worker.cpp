#include "managers/chat_worker.h"

#include <algorithm>
#include <utility>

#include "formats/bitsandbytes/quantisation_config.h"
#include "formats/peft/peft_adapter.h"
#include "jobs/library/model_spec.h"
#include "jobs/memory_estimate.h"
#include "llama/infer/context_memory.h"

namespace llamahome::managers {
namespace fs = std::filesystem;
namespace {

/// Another one for each adapter that ever lay there: a run that is continued writes its adapter anew.
std::string adapterKey(const fs::path& folder) {
    std::error_code ignored;
    const fs::file_time_type time = fs::last_write_time(folder / "adapter_model.safetensors", ignored);
    return displayPath(folder) + "@" + std::to_string(time.time_since_epoch().count());
}

std::uint64_t contextOf(const engine::LanguageModel& model, const jobs::AnswerOptions& options) {
    const std::int64_t own = model.config().max_position_embeddings;
    const std::int64_t wanted = options.contextTokens > 0 ? std::min(options.contextTokens, own) : own;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(wanted, 0));
}

std::uint64_t memoryOf(const engine::LanguageModel& model, std::uint64_t contextTokens) {
    const std::uint64_t elementBytes = model.precision() == engine::Precision::Bf16 ? 2 : 4;
    return engine::contextBytes(model.config(), static_cast<std::int64_t>(contextTokens), elementBytes);
}

} // namespace

ChatWorker::ChatWorker(jobs::Library library, FileLayer& files)
    : m_library(std::move(library))
    , m_files(files) {}

void ChatWorker::release() {
    m_open.reset();
    m_loaded = {};
    m_adapter.clear();
}

Result<void> ChatWorker::load(EngineHost& host, const ChatRequest& request, const CancelToken& cancel,
                              const ProgressSink& progress) {
    const config::ModelSettings& use = request.settings.model;
    const Loaded wanted{request.model, {use.precision, use.quant, request.settings.data.template_name}};
    if (m_open && m_loaded == wanted) return {};
    release(); // two models at once may be more than the memory holds
    if (auto there = jobs::checkDevice(request.settings.model.device); !there) return there;
    const auto entry = jobs::resolveModel(m_library, {{request.model},
                                                      request.environment,
                                                      jobs::ModelUse::Chat,
                                                      jobs::usableMemory(use.memory),
                                                      {},
                                                      formats::quantisationOfSetting(use.quant)});
    if (!entry) return entry.error();
    const auto opened = host.engine();
    if (!opened) return opened.error();
    if (auto set = (*opened)->setThreads(request.settings.model.threads); !set) return set;
    auto open = jobs::openModel(**opened, m_files, entry->path, {}, wanted.options, cancel, progress);
    if (!open) return open.error();
    m_open = std::move(*open);
    m_loaded = wanted;
    m_folder = entry->path;
    return {};
}

Result<void> ChatWorker::setAdapter(const ChatRequest& request) {
    if (request.adapter.empty()) {
        if (!m_adapter.empty()) m_open->model->clearAdapter();
        m_adapter.clear();
        return {};
    }
    const auto entry = jobs::resolveAdapter(m_library, request.adapter);
    if (!entry) return entry.error();
    const std::string key = adapterKey(entry->path);
    if (key != m_adapter) {
        const auto weights = formats::readPeftAdapter(entry->path);
        if (!weights) return weights.error();
        if (auto set = m_open->model->setAdapter(*weights); !set) return set;
        m_adapter = key;
    }
    m_open->model->setAdapterScale(request.adapterScale);
    return {};
}

Result<ChatAnswer> ChatWorker::answer(EngineHost& host, const ChatRequest& request,
                                      const jobs::TextSink& onText, const ReadySink& onReady,
                                      const CancelToken& cancel, const ProgressSink& progress) {
    if (auto loaded = load(host, request, cancel, progress); !loaded) return loaded.error();
    if (onReady) onReady(m_folder);
    if (auto set = setAdapter(request); !set) return set.error();
    jobs::ChatSession session(*m_open->model, m_open->tokenizer, m_open->chatTemplate);
    session.restore(request.history);
    auto answer = session.answer(request.question, request.options, onText, cancel);
    if (!answer) return answer.error();
    const std::uint64_t fits = contextOf(*m_open->model, request.options);
    return ChatAnswer{std::move(*answer), fits, memoryOf(*m_open->model, fits)};
}

} // namespace llamahome::managers
