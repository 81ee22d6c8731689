// JSON Lines files of a run: appended line by line, read past damage. One writer; readers on any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "core/file_layer.h"
#include "core/json.h"
#include "core/result.h"

namespace llamahome::jobs {

/// Appends whole lines. A line that a crash or a full disk cut is ended by the next append, so that it spoils
/// nothing but itself.
class JsonLines {
public:
    /// Opens or creates the file. `files` outlives this.
    static Result<JsonLines> open(FileLayer& files, const std::filesystem::path& path);

    Result<void> append(const Json& value);
    /// Makes everything appended durable.
    Result<void> sync();

private:
    JsonLines(std::unique_ptr<WritableFile> file, bool endsInLine);

    std::unique_ptr<WritableFile> m_file;
    bool m_endsInLine; ///< the file ends within a line that was cut
};

/// Calls `take` with each whole line that is a JSON object, in order; other lines are left out. A missing
/// file has none.
Result<void> forEachJsonLine(const std::filesystem::path& path, const std::function<void(const Json&)>& take);

} // namespace llamahome::jobs
