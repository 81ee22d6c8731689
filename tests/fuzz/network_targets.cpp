// What comes over the network: answers of servers, what the Hub, a mirror and Meta's link say; and the record
// beside a partial file.
#include <array>
#include <charconv>
#include <string>

#include "core/file_layer.h"
#include "core/hash.h"
#include "download/checksum_list.h"
#include "download/fetch_file.h"
#include "download/http_get.h"
#include "download/hub_listing.h"
#include "download/meta_link.h"
#include "download/part_record.h"
#include "download/python_index.h"
#include "fuzz_target.h"
#include "jobs/download/remote_model.h"
#include "network/http_reader.h"
#include "network/transport.h"

namespace llamahome::fuzz {
namespace {

std::string_view takeLine(std::string_view& bytes) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    return line;
}

/// Gives the bytes as answers: a line with the status, lines "name: value" up to an empty one, and the body,
/// which ends at a zero byte; then the next answer.
class ScriptedTransport final : public network::Transport {
public:
    explicit ScriptedTransport(std::string_view bytes)
        : m_bytes(bytes) {}

    Result<network::HttpResponse> get(const network::HttpRequest& request, network::HttpSink& sink,
                                      const CancelToken&) override {
        network::HttpResponse response;
        response.url = request.url;
        const std::string_view status = takeLine(m_bytes);
        std::from_chars(status.data(), status.data() + status.size(), response.status);
        while (!m_bytes.empty()) {
            const std::string_view line = takeLine(m_bytes);
            const auto colon = line.find(": ");
            if (colon == std::string_view::npos) break;
            response.headers[std::string(line.substr(0, colon))] = line.substr(colon + 2);
        }
        response.redirect = response.status / 100 == 3 ? response.header("location") : std::string();
        if (auto begun = sink.begin(response); !begun) return begun.error();
        const std::string_view body = m_bytes.substr(0, m_bytes.find('\0'));
        m_bytes.remove_prefix(std::min(m_bytes.size(), body.size() + 1));
        if (auto taken = sink.body(std::as_bytes(std::span(body))); !taken) return taken.error();
        return response;
    }

private:
    std::string_view m_bytes;
};

/// What a reader gives for an answer that comes in pieces of `size`.
struct ReadAnswer final : network::HttpSink {
    ReadAnswer(std::string_view bytes, std::size_t size) {
        network::HttpReader reader("host");
        Result<void> read = {};
        for (; read && !bytes.empty() && !reader.isDone(); bytes.remove_prefix(std::min(bytes.size(), size)))
            read = reader.take(std::as_bytes(std::span(bytes.substr(0, size))), *this);
        if (read) read = reader.end();
        if (!read) error = read.error().message;
    }
    Result<void> begin(const network::HttpResponse& response) override {
        head = response;
        return {};
    }
    Result<void> body(std::span<const std::byte> bytes) override {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }

    network::HttpResponse head;
    std::string text;
    std::string error; ///< empty: it is whole
};

void httpBytes(std::string_view bytes) {
    const ReadAnswer whole(bytes, std::max<std::size_t>(bytes.size(), 1));
    require(whole.text.size() <= bytes.size(), "a body has no more bytes than have come");
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}}) {
        const ReadAnswer cut(bytes, size);
        require(cut.error.empty() == whole.error.empty(), "cuts decide nothing");
        require(cut.text == whole.text && cut.head.headers == whole.head.headers, "cuts change nothing");
    }
}

void waitNot(double, const CancelToken&) {}

void answer(std::string_view bytes) {
    constexpr std::string_view kHash =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // abc
    ScriptedTransport transport(bytes);
    const auto target = scratchFolder() / "abc";
    scratchFile("abc.part", "a");
    const download::ExpectedHash hash{download::HashKind::Sha256, std::string(kHash)};
    const auto fetched = download::fetchFile({"https://example.org/abc", target, 3, hash},
                                             {transport, systemFiles(), waitNot}, CancelToken(), {});
    if (fetched) require(readFile(target).operator*() == "abc", "what was fetched is what was promised");
    require(static_cast<bool>(systemFiles().remove(target)), "the file goes");
}

void pythonIndex(std::string_view bytes) {
    ScriptedTransport transport(bytes);
    const auto link = download::findInPythonIndex(transport, "https://example.org/simple", "torch",
                                                  "torch-1-py3.whl", waitNot, CancelToken());
    if (link) require(link->starts_with("https://"), "a link of an index is as safe as the index");
}

void requireSafeName(const std::string& path) {
    const std::filesystem::path below = std::filesystem::path(path).lexically_normal();
    require(!path.empty() && below.is_relative() && *below.begin() != "..",
            "a file stays in its folder: " + path);
}

void hubListing(std::string_view bytes) {
    ScriptedTransport transport(bytes);
    const download::HubAccess access{"https://example.org", "hf_canary"};
    const auto read = download::listHubRepository(transport, {access, "owner/name"}, jobs::foldedName,
                                                  waitNot, CancelToken());
    if (!accepted(read)) return;
    require(download::isCommit(read->commit) && download::isHubId(read->id),
            "a repository has a name and a commit");
    for (const download::RemoteFile& file : download::hubSet(access, *read, read->files).files) {
        requireSafeName(file.path);
        require(download::originOf(file.url) == access.endpoint, "the token goes to the Hub only");
    }
}

void checksumList(std::string_view bytes) {
    const auto read = download::parseChecksumList(bytes, jobs::foldedName, "SHA256SUMS");
    if (!accepted(read)) return;
    require(!read->empty(), "a list names files");
    for (const download::RemoteFile& file : *read)
        requireSafeName(file.path);
}

void metaLink(std::string_view bytes) {
    const auto link = download::MetaLink::parse(bytes, std::chrono::system_clock::time_point());
    if (!accepted(link)) return;
    const std::string url = link->urlOf("Llama-2-7b/params.json");
    require(static_cast<bool>(download::checkAddress(url)), "a link leads to an address to fetch from");
    require(download::originOf(url) == link->origin(), "a link leads to the host that is shown");
}

void partRecord(std::string_view bytes) {
    const std::string line(bytes.substr(0, bytes.find('\n')));
    const auto record = download::parsePartRecord(line + "\n" + sha256Hex(line) + "\n");
    if (!record) return;
    const auto again = download::parsePartRecord(download::partRecordText(*record));
    require(again && again->isOfSameFile(*record) && again->points == record->points,
            "a record that is read can be written and read again");
}

constexpr std::array kTargets{
    FuzzTarget{"http_answer", answer},         FuzzTarget{"http_bytes", httpBytes},
    FuzzTarget{"python_index", pythonIndex},   FuzzTarget{"hub_listing", hubListing},
    FuzzTarget{"checksum_list", checksumList}, FuzzTarget{"meta_link", metaLink},
    FuzzTarget{"part_record", partRecord}};

} // namespace

std::span<const FuzzTarget> networkTargets() {
    return kTargets;
}

} // namespace llamahome::fuzz
