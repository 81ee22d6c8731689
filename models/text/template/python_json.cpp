#include "text/template/python_json.h"

namespace llamahome::text {

std::string pythonJson(const Json& value) {
    if (!value.is_structured()) return writeJsonLine(value);
    std::string out(1, value.is_object() ? '{' : '[');
    bool first = true;
    for (const auto& [key, item] : value.items()) {
        if (!first) out += ", ";
        if (value.is_object()) out += writeJsonLine(Json(key)) + ": ";
        out += pythonJson(item);
        first = false;
    }
    return out + (value.is_object() ? '}' : ']');
}

std::string pythonJsonIndented(const Json& value) {
    return value.dump(4, ' ', false, Json::error_handler_t::replace);
}

} // namespace llamahome::text
