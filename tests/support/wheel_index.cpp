#include "support/wheel_index.h"

#include <stdexcept>

#include "core/hash.h"

namespace llamahome::testing {
namespace {

std::string fixture(const char* name) {
    const auto bytes = readFile(std::filesystem::path(LLAMAHOME_TEST_DATA) / "formats" / "zip" / name);
    if (!bytes) throw std::runtime_error(bytes.error().message);
    return *bytes;
}

} // namespace

const std::string& firstWheel() {
    static const std::string bytes = fixture("wheel.whl");
    return bytes;
}

const std::string& secondWheel() {
    static const std::string bytes = fixture("zip64.zip");
    return bytes;
}

jobs::CudaComponent smallComponent() {
    const std::string& one = firstWheel();
    const std::string& two = secondWheel();
    return {
        "9.9",
        "580.65",
        {{"proj-one", "one.whl", one.size(), sha256Hex(one), 18890 + 500, {"pkg/words.txt", "pkg/noise.bin"}},
         {"proj-two", "two.whl", two.size(), sha256Hex(two), 20, {"b.bin"}}}};
}

ServedAnswer serveWheels(const ServedRequest& request) {
    const auto page = [](const std::string& file) {
        return httpAnswer(200, "<a href=\"/files/" + file + "#sha256=0\">" + file + "</a>",
                          {"Content-Type: text/html"});
    };
    if (request.target == "/simple/proj-one/") return {page("one.whl")};
    if (request.target == "/simple/proj-two/") return {page("two.whl")};
    if (request.target == "/files/one.whl") return {fileAnswer(request, firstWheel())};
    if (request.target == "/files/two.whl") return {fileAnswer(request, secondWheel())};
    return {httpAnswer(404, "")};
}

jobs::MachineFacts machineWithDriver(const std::string& driver) {
    jobs::MachineFacts machine;
    machine.nvidiaDriver = driver;
    if (!driver.empty()) machine.gpus = {"NVIDIA H100"};
    return machine;
}

} // namespace llamahome::testing
