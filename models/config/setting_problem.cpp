#include "config/setting_problem.h"

#include <cassert>

namespace llamahome::config {

std::string SettingProblem::text() const {
    std::string place = file;
    if (line > 0) place += ":" + std::to_string(line);
    return place.empty() ? message : place + ": " + message;
}

Error problemsError(const std::vector<SettingProblem>& problems) {
    assert(!problems.empty());
    std::string message = problems.front().text();
    if (problems.size() > 1) {
        message +=
            "; " + std::to_string(problems.size()) + " problems in all, `llamahome config check` lists them";
    }
    std::string detail;
    for (const SettingProblem& problem : problems) {
        if (!detail.empty()) detail += '\n';
        detail += problem.text();
    }
    return Error{problems.front().code, message, detail};
}

} // namespace llamahome::config
