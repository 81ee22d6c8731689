#include "config/yaml_tree.h"

#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "config/yaml_text_check.h"
#include "core/error_codes.h"
#include "core/shown_text.h"
#include "core/utf8.h"

namespace llamahome::config {
namespace {

constexpr std::size_t kLongestName = 256;

/// Ends the parse; the problem is already noted.
struct StopParsing {};

/// Builds the tree from yaml-cpp's events. Open collections lie on a stack by value, so that nothing points
/// into vectors that grow.
class TreeBuilder final : public YAML::EventHandler {
public:
    TreeBuilder(const std::string& file, const YamlLimits& limits)
        : m_file(file)
        , m_limits(limits) {}

    YamlDocument take() { return std::move(m_document); }
    void addProblem(ErrorCode code, int line, const std::string& message) {
        m_document.problems.push_back({code, m_file, line, {}, message});
    }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (m_documents++ == 0) return;
        stop(codes::kYamlRefused, mark,
             "found a second document (---), expected one; put all settings under one");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuseAnchor(mark, anchor);
        close(node(YamlNode::Kind::Null, mark));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        stop(codes::kYamlRefused, mark, "found an alias (*name), expected the value itself; write it out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuseAnchor(mark, anchor);
        refuseTag(mark, tag);
        if (value.size() > m_limits.maxScalarBytes)
            stop(codes::kYamlLimit, mark, tooMuch("a value", value.size(), m_limits.maxScalarBytes, "bytes"));
        // yaml-cpp turns the escapes \_ and \N into single bytes.
        if (!isUtf8(value) || value.find('\0') != std::string::npos)
            stop(codes::kYamlEncoding, mark,
                 "found an escape that makes no text (\\0, \\_ or \\N), expected text");
        YamlNode scalar = node(YamlNode::Kind::Scalar, mark);
        scalar.text = value;
        scalar.isQuoted = tag == "!";
        close(std::move(scalar));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(YamlNode::Kind::Sequence, mark, tag, anchor, style);
    }
    void OnSequenceEnd() override { closeCollection(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(YamlNode::Kind::Map, mark, tag, anchor, style);
    }
    void OnMapEnd() override { closeCollection(); }

private:
    struct Frame {
        YamlNode collection;
        YamlEntry pending = {}; ///< a map's key that waits for its value
        bool hasKey = false;
    };

    static std::string tooMuch(const std::string& what, std::size_t found, std::size_t most,
                               const std::string& unit) {
        return "found " + what + " of " + std::to_string(found) + " " + unit + ", expected at most " +
               std::to_string(most);
    }
    static int lineOf(const YAML::Mark& mark) { return mark.line + 1; }

    [[noreturn]] void stop(ErrorCode code, const YAML::Mark& mark, const std::string& message) {
        addProblem(code, lineOf(mark), message);
        throw StopParsing{};
    }
    void refuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor == 0) return;
        stop(codes::kYamlRefused, mark, "found an anchor (&name), expected a plain value; write values out");
    }
    void refuseTag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        stop(codes::kYamlRefused, mark,
             "found the tag " + quotedText(tag) + ", expected a value without a tag; remove it");
    }

    YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark) {
        if (++m_nodes > m_limits.maxNodes)
            stop(codes::kYamlLimit, mark,
                 "found more than " + std::to_string(m_limits.maxNodes) +
                     " values, expected a settings file");
        YamlNode made;
        made.kind = kind;
        made.line = lineOf(mark);
        made.column = mark.column + 1;
        return made;
    }
    void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YAML::EmitterStyle::value style) {
        refuseAnchor(mark, anchor);
        refuseTag(mark, tag);
        if (m_open.size() >= m_limits.maxDepth)
            stop(codes::kYamlLimit, mark,
                 "found lists or sections more than " + std::to_string(m_limits.maxDepth) + " deep");
        if (isKeyDue()) stop(codes::kYamlSyntax, mark, "found a list or section as a name, expected text");
        Frame frame{node(kind, mark)};
        frame.collection.isFlow = style == YAML::EmitterStyle::Flow;
        m_open.push_back(std::move(frame));
    }
    void closeCollection() {
        YamlNode done = std::move(m_open.back().collection);
        m_open.pop_back();
        close(std::move(done));
    }
    bool isKeyDue() const {
        return !m_open.empty() && m_open.back().collection.kind == YamlNode::Kind::Map &&
               !m_open.back().hasKey;
    }
    /// Puts a finished node where it belongs: as key, value, item or root.
    void close(YamlNode done) {
        if (m_open.empty()) {
            m_document.root = std::move(done);
            return;
        }
        Frame& frame = m_open.back();
        if (frame.collection.kind == YamlNode::Kind::Sequence) {
            frame.collection.items.push_back(std::move(done));
        } else if (!frame.hasKey) {
            beginEntry(frame, std::move(done));
        } else {
            frame.hasKey = false;
            frame.pending.value = std::move(done);
            addEntry(frame);
        }
    }
    void beginEntry(Frame& frame, YamlNode key) {
        if (key.text == "<<") {
            addProblem(codes::kYamlRefused, key.line,
                       "found a merge key (<<), expected settings; write them out");
            throw StopParsing{};
        }
        if (key.text.size() > kLongestName || !isPlainText(key.text)) { // names stand in messages
            addProblem(codes::kYamlRefused, key.line,
                       "found the name " + quotedText(key.text) + ", expected one of at most " +
                           std::to_string(kLongestName) + " bytes without control characters");
            throw StopParsing{};
        }
        frame.pending = YamlEntry{std::move(key.text), key.line, key.column, {}};
        frame.hasKey = true;
    }
    void addEntry(Frame& frame) {
        for (const YamlEntry& entry : frame.collection.entries) {
            if (entry.key != frame.pending.key) continue;
            addProblem(codes::kSettingTwice, frame.pending.line,
                       "found `" + entry.key + "` twice, first in line " + std::to_string(entry.line) +
                           "; remove one");
            return;
        }
        frame.collection.entries.push_back(std::move(frame.pending));
    }

    const std::string& m_file;
    const YamlLimits& m_limits;
    YamlDocument m_document;
    std::vector<Frame> m_open;
    std::size_t m_nodes = 0;
    int m_documents = 0;
};

void checkRoot(YamlDocument& document, const std::string& file) {
    if (document.root.kind == YamlNode::Kind::Map || document.root.kind == YamlNode::Kind::Null) return;
    const std::string found = document.root.kind == YamlNode::Kind::Scalar ? "a single value" : "a list";
    document.problems.push_back({codes::kYamlSyntax,
                                 file,
                                 document.root.line,
                                 {},
                                 "found " + found + ", expected settings as `name: value`"});
}

} // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
    for (const YamlEntry& entry : entries)
        if (entry.key == key) return &entry.value;
    return nullptr;
}

YamlDocument parseYaml(std::string_view text, const std::string& file, const YamlLimits& limits) {
    if (text.size() > limits.maxBytes) {
        const std::string message = "found " + std::to_string(text.size()) + " bytes, expected at most " +
                                    std::to_string(limits.maxBytes) + " in a settings file";
        return {{}, {{codes::kYamlLimit, file, 0, {}, message}}};
    }
    if (auto problems = checkYamlText(text, file); !problems.empty()) return {{}, std::move(problems)};

    TreeBuilder builder(file, limits);
    bool isWhole = false;
    try {
        std::istringstream stream{std::string(withoutByteOrderMark(text))};
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
        isWhole = true;
    } catch (const StopParsing&) { // noted by the builder
    } catch (const YAML::Exception& failure) {
        builder.addProblem(codes::kYamlSyntax, failure.mark.line + 1,
                           "not YAML: " + (isPlainText(failure.msg) ? failure.msg : quotedText(failure.msg)) +
                               "; look at this line and the one before it");
    }
    YamlDocument document = builder.take();
    if (isWhole) checkRoot(document, file);
    if (!isWhole || document.root.kind != YamlNode::Kind::Map) document.root = {};
    return document;
}

} // namespace llamahome::config
