// The signed link from Meta's e-mail: what it must look like, until when it holds, and where it leads. A
// secret: it stands in no message, and nobody writes it. Any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace llamahome::download {

class MetaLink {
public:
    /// Takes what was pasted, blanks around it aside. DL-08, without the link, for what is another link (that
    /// of the e-mail's tracker, one that a shell has cut at the first &, one without https), DL-09 for one
    /// that has expired by `now`. Links to this machine pass, whoever serves there.
    static Result<MetaLink> parse(std::string_view pasted, std::chrono::system_clock::time_point now);

    /// "https://download.llamameta.net": what may be shown.
    const std::string& origin() const { return m_origin; }
    /// Nothing where the link does not say it in the usual form.
    std::optional<std::chrono::system_clock::time_point> expires() const { return m_expires; }
    /// The link to the file at `path`, which takes the place of the star.
    std::string urlOf(std::string_view path) const;

private:
    std::string m_before; ///< of the star
    std::string m_after;  ///< of the star, with the signature, byte for byte
    std::string m_origin;
    std::optional<std::chrono::system_clock::time_point> m_expires;
};

} // namespace llamahome::download
