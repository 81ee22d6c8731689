// Every setting of the program as one value. Any thread.
#pragma once

#include "config/logging_settings.h"
#include "config/model_settings.h"
#include "config/training_settings.h"

namespace llamahome::config {

struct Settings {
    TrainingSettings training;
    DataSettings data;
    ModelSettings model;
    LoggingSettings logging;
};

} // namespace llamahome::config
