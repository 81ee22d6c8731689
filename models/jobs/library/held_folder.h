// HeldFolder: the folder of a model by an open handle. What is done in it stays in it, whatever takes its
// name meanwhile: a link, for one. Any thread.
#pragma once

#include <filesystem>

#include "core/file_layer.h"
#include "core/result.h"

namespace llamahome::jobs {

class HeldFolder {
public:
    /// `folder` lies two levels below one of DataRoot::modelPlaces(), which may be a link; it and its parent
    /// are none: RM-01. FILE-… where one of them cannot be opened.
    static Result<HeldFolder> open(const std::filesystem::path& folder);

    ~HeldFolder();
    HeldFolder(HeldFolder&& other) noexcept;
    HeldFolder& operator=(HeldFolder&& other) noexcept;
    HeldFolder(const HeldFolder&) = delete;
    HeldFolder& operator=(const HeldFolder&) = delete;

    /// A path that leads into the folder as long as the object lives; as it was given where the system has
    /// none such.
    const std::filesystem::path& path() const { return m_path; }
    /// What went wrong below path(), by the folder's own name.
    Error named(Error error) const;

    /// Removes the folder where it is empty, then its parent where that is.
    Result<void> removeIfEmpty(FileLayer& files) const;

private:
    HeldFolder() = default;

    std::filesystem::path m_folder; ///< as it was given
    std::filesystem::path m_path;
    int m_handle = -1;
    int m_parent = -1;
    int m_place = -1; ///< the parent's
};

} // namespace llamahome::jobs
