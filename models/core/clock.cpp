#include "core/clock.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace llamahome {
namespace {

class SystemClock final : public Clock {
public:
    double monotonicSeconds() const override {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }
    std::chrono::system_clock::time_point now() const override { return std::chrono::system_clock::now(); }
};

std::tm utcFields(std::chrono::system_clock::time_point time) {
    const std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
    std::tm fields{};
    gmtime_r(&seconds, &fields);
    return fields;
}

} // namespace

const Clock& systemClock() {
    static const SystemClock clock;
    return clock;
}

std::string formatUtc(std::chrono::system_clock::time_point time) {
    const std::tm t = utcFields(time);
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const int ms =
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count());
    std::array<char, 96> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900,
                  t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, ms);
    return text.data();
}

std::string formatTemplateDate(std::chrono::system_clock::time_point time) {
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::tm t = utcFields(time);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%02d %s %04d", t.tm_mday,
                  kMonths.at(static_cast<std::size_t>(t.tm_mon)), t.tm_year + 1900);
    return text.data();
}

} // namespace llamahome
