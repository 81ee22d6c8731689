#include "parity/fixture.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "formats/safetensors/safetensors_reader.h"

namespace llamahome::testing {
namespace {

template <typename T>
T valueOrThrow(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

std::vector<float> floatsOf(formats::TensorSource& source, const std::string& name) {
    const formats::TensorInfo* info = source.find(name);
    if (info == nullptr) throw std::runtime_error(name + " is not in the fixture");
    std::vector<float> values(info->elementCount());
    if (auto read = source.read(*info, std::as_writable_bytes(std::span(values))); !read)
        throw std::runtime_error(read.error().message);
    return values;
}

} // namespace

Fixture::Fixture(const std::string& name)
    : m_folder(std::filesystem::path(LLAMAHOME_TEST_DATA) / "parity" / name)
    , m_expected(valueOrThrow(readJsonFile(m_folder / "expected.json")))
    , m_tensors(valueOrThrow(formats::SafetensorsReader::open(m_folder / "expected.safetensors"))) {}

std::vector<std::int32_t> Fixture::longRow() const {
    return m_expected["long_row"].get<std::vector<std::int32_t>>();
}

std::vector<text::TokenRow> Fixture::rows() const {
    std::vector<text::TokenRow> rows;
    for (const Json& row : m_expected["rows"])
        rows.push_back({row["tokens"].get<std::vector<std::int32_t>>(),
                        row["supervised"].get<std::vector<std::uint8_t>>()});
    return rows;
}

std::vector<float> Fixture::tensor(const std::string& name) const {
    return floatsOf(*m_tensors, name);
}

std::vector<float> tensorOf(const std::filesystem::path& file, const std::string& name) {
    return floatsOf(*valueOrThrow(formats::SafetensorsReader::open(file)), name);
}

double relativeDifference(const std::vector<float>& a, const std::vector<float>& b) {
    if (a.size() != b.size() || b.empty()) return std::numeric_limits<double>::infinity();
    double largest = 0.0;
    double difference = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return std::numeric_limits<double>::infinity();
        largest = std::max(largest, std::abs(static_cast<double>(b[i])));
        difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    }
    return largest > 0.0 ? difference / largest : difference;
}

} // namespace llamahome::testing
