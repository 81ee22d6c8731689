// One model fixture of tests/data/parity: what transformers and peft computed for it. One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "formats/tensor.h"
#include "text/data/token_row.h"

namespace llamahome::testing {

class Fixture {
public:
    /// Throws std::runtime_error with the message where a file of the fixture cannot be read.
    explicit Fixture(const std::string& name);

    const std::filesystem::path& folder() const { return m_folder; }
    std::filesystem::path adapterFolder() const { return m_folder / "adapter"; }
    std::vector<std::int32_t> longRow() const;
    std::vector<text::TokenRow> rows() const;
    const Json& expected() const { return m_expected; }
    /// A tensor of expected.safetensors.
    std::vector<float> tensor(const std::string& name) const;

private:
    std::filesystem::path m_folder;
    Json m_expected;
    std::unique_ptr<formats::TensorSource> m_tensors;
};

/// A tensor of floats in a safetensors file; throws as Fixture does.
std::vector<float> tensorOf(const std::filesystem::path& file, const std::string& name);

/// Largest |a - b| divided by the largest |b|; infinity where the sizes differ or something is not finite.
double relativeDifference(const std::vector<float>& a, const std::vector<float>& b);

} // namespace llamahome::testing
