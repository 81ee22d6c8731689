// Puts answers into a partial file. What is not our file is refused before a byte of it is kept. The
// transport's thread.
#pragma once

#include "download/fetch_file.h"
#include "download/partial_file.h"

namespace llamahome::download {

class PartSink final : public network::HttpSink {
public:
    PartSink(const FetchRequest& request, const FetchTools& tools, PartialFile& part, TransferWatch& watch,
             const CancelToken& cancel);

    /// Before each try.
    void forgetAnswer();

    Result<void> begin(const network::HttpResponse& response) override;
    Result<void> body(std::span<const std::byte> bytes) override;

    /// Whether everything is there, the answer having `ended` in order or not.
    bool isComplete(bool ended) const;
    /// Whether writing failed, so that the part is in doubt.
    bool hasFileError() const { return m_hasFileError; }

    /// The most that was received at any time: what is told never falls, and progress is what goes beyond it.
    std::uint64_t mostBytes() const { return m_mostBytes; }
    void tellBytes() const;
    FailedTry failedTry(Error error, std::uint64_t mostBefore) const;

private:
    Result<void> takeWhole();
    Result<void> takeRange();
    Result<void> takeNoRange();
    Result<void> refuse() const;
    Result<void> askAgain(const std::string& why);
    Result<void> noted(Result<void> done);
    std::optional<std::uint64_t> expected() const { return m_part.record().sizeBytes; }

    const FetchRequest& m_request;
    const FetchTools& m_tools;
    PartialFile& m_part;
    TransferWatch& m_watch;
    const CancelToken& m_cancel;
    std::uint64_t m_mostBytes;
    network::HttpResponse m_answer;
    int m_wrongAnswers = 0; ///< one after another
    bool m_isToRepeat = false;
    bool m_hasFileError = false;
    bool m_isAtEnd = false; ///< the server says that there is no more
};

} // namespace llamahome::download
