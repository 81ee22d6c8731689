// Rows of a report on a model, for the tests of verification and repair. One thread.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "export_ground.h"
#include "jobs/verify/verify_model.h"

namespace llamahome::testing {

inline constexpr const char* kIndex = "model.safetensors.index.json";

inline jobs::CheckResult rowOf(const jobs::VerifyReport& report, const std::string& name) {
    for (const jobs::CheckResult& check : report.checks)
        if (check.name == name) return check;
    throw std::runtime_error("no check " + name);
}

inline std::vector<std::string> failedRows(const jobs::VerifyReport& report) {
    std::vector<std::string> names;
    for (const jobs::CheckResult& check : report.checks)
        if (check.status == jobs::CheckStatus::Failed) names.push_back(check.name);
    return names;
}

inline jobs::VerifyReport verified(const jobs::ModelEntry& entry, bool deep = false) {
    auto report = jobs::verifyModel(entry, deep, {}, {});
    if (!report) throw std::runtime_error(report.error().message);
    return std::move(*report);
}

} // namespace llamahome::testing
