// What a check found wrong with an installed model that sizes do not show: kept in its folder until the model
// is put right, or another check finds it whole. Any thread but GUI.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

inline constexpr std::string_view kDamageName = "llamahome.damaged.json";

struct Damage {
    std::string problem; ///< for people, one line without the folder's path
    bool isDeep = false; ///< found in bytes or numbers: only a look at all of them tells that it is gone

    friend bool operator==(const Damage&, const Damage&) = default;
};

/// The mark in a model's folder; nothing where there is none. One that cannot be read is a damage too.
std::optional<Damage> readDamage(const std::filesystem::path& folder);

/// Replaces the mark, whole or not at all.
Result<void> writeDamage(FileLayer& files, const std::filesystem::path& folder, const Damage& damage);

/// Takes the mark away. That there is none is success.
Result<void> clearDamage(FileLayer& files, const std::filesystem::path& folder);

} // namespace llamahome::jobs
