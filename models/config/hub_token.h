// The token for the Hub that the environment holds or names: as the Hub's own client finds it. Any thread but
// GUI: it reads a small file.
#pragma once

#include <filesystem>
#include <string>

#include "config/environment.h"
#include "core/result.h"

namespace llamahome::config {

/// A token and where it came from. The text is never shown, logged or written.
struct HubToken {
    std::string text;   ///< empty: there is none
    std::string origin; ///< "HF_TOKEN", the path of a file; of none: empty
};

/// `$HF_TOKEN_PATH`, else `$HF_HOME/token`, else `$XDG_CACHE_HOME/huggingface/token`, else
/// `~/.cache/huggingface/token`; empty without a home.
std::filesystem::path hubTokenFile(const Environment& environment);

/// `HF_TOKEN`, of old `HUGGING_FACE_HUB_TOKEN`, else the token file; blanks and line ends around it go. None
/// where there is no file, or where HF_HUB_DISABLE_IMPLICIT_TOKEN is true. HUB-03: the file cannot be read or
/// holds something else.
Result<HubToken> hubToken(const Environment& environment);

/// Why a text that a person gave cannot be a token; empty where it can.
std::string faultOfToken(std::string_view text);

/// Without the blanks and line ends around it, as the Hub's client takes it.
std::string trimmedToken(std::string_view text);

} // namespace llamahome::config
