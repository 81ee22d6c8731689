// What is worth a word before a run starts, because it is possible and seldom meant. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"
#include "formats/hub/model_config.h"
#include "jobs/train/train_data.h"
#include "text/template/chat_template.h"

namespace llamahome::jobs {

/// Of the data: rows left out, cut, without anything to learn; validation rows that training gives away;
/// answers whose end is never learned. One sentence each, for people; empty where all is well.
std::vector<std::string> dataNotices(const DataCounts& counts, const config::Settings& settings,
                                     const text::ChatTemplate& chatTemplate);

/// Of the settings, for a run of so many steps over so many rows: all of it warm-up, a learning rate that
/// lets losses run away, an adapter wider than the layers that it adapts, few rows seen many times.
std::vector<std::string> settingNotices(const config::TrainingSettings& settings,
                                        const formats::ModelConfig& model, std::int64_t totalSteps,
                                        std::uint64_t trainRows);

} // namespace llamahome::jobs
