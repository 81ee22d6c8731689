// Comparison: the same message to two sides of one model, with the same seed. A QObject; GUI thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <QObject>
#include <QString>
#include <QStringList>

#include "core/error.h"
#include "jobs/chat/conversation_store.h"
#include "jobs/report/run_report.h"
#include "managers/chat_manager.h"

namespace llamahome::managers {

/// What answers on one side, on the model of the shown conversation.
struct ComparedSide {
    std::string adapter; ///< name; empty: none
    double scale = 1.0;

    friend bool operator==(const ComparedSide&, const ComparedSide&) = default;
};

inline constexpr std::size_t kComparedSides = 2;

/// One message with both answers.
struct ComparedRound {
    std::string prompt;
    std::string model;
    std::int64_t seed = 0;
    std::array<ComparedSide, kComparedSides> sides;
    /// Without `finish` while they are on their way; "failed" after an error.
    std::array<jobs::ConversationMessage, kComparedSides> answers;
};

/// Model, system text and sampling are those of the shown conversation, which is not touched; every message
/// is answered by itself. Rounds are kept until the end of the program and written nowhere.
class Comparison final : public QObject {
    Q_OBJECT

public:
    /// Both outlive it.
    Comparison(ChatManager& chat, ModelManager& models, QObject* parent = nullptr);

    bool isOn() const { return m_isOn; }
    /// On: the left side is what the conversation has chosen, the right one what it was if that is another,
    /// else the model alone or an adapter. Off: stops what runs.
    void setOn(bool on);

    const std::array<ComparedSide, kComparedSides>& sides() const { return m_sides; }
    /// Whether there is an adapter to choose.
    bool canDiffer() const { return !firstAdapter().empty(); }
    void setAdapter(std::size_t side, const QString& name); ///< empty: none; the scale becomes 1
    void setScale(std::size_t side, double scale);

    /// Oldest first.
    const std::vector<ComparedRound>& rounds() const { return m_rounds; }
    /// Side that is answered now; nothing when none is.
    std::optional<std::size_t> answering() const { return m_answering; }

    /// Answers it on the left, then on the right, as one job. False where ChatManager::send() would say so.
    bool send(const QString& text);
    /// The answered rounds, for a report.
    std::vector<jobs::ComparedAnswers> answers() const;
    /// Names of the adapters that answered in them.
    QStringList adapters() const;
    /// All rounds, for the clipboard.
    QString text() const;

Q_SIGNALS:
    void onChanged();
    void sidesChanged();
    /// The newest round has just begun, with no answer yet.
    void roundBegan();
    void answerGrew(std::size_t side, const QString& piece);
    /// The side of the newest round has its answer, or will not have one.
    void answered(std::size_t side);
    /// The newest round is gone, because no answer came at all.
    void roundDropped();
    /// `text` was asked; empty where its round stays. RUN-00 after a stop.
    void failed(const llamahome::Error& error, const QString& text);

private:
    void chooseSides();
    /// Of those that fit the model; empty where none does.
    std::string firstAdapter() const;
    void followModel();
    void takePiece(std::size_t side, const std::string& piece);
    void takeAnswer(std::size_t side, const ChatAnswer& answer);
    void takeEnd(const std::optional<Error>& error);
    /// Ends the answers that have no end yet.
    void close(const std::string& finish);

    ChatManager& m_chat;
    ModelManager& m_models;
    bool m_isOn = false;
    std::array<ComparedSide, kComparedSides> m_sides;
    std::vector<ComparedRound> m_rounds;
    std::optional<std::size_t> m_answering;
};

/// "base model alone", "recipes", "recipes × 0.5".
QString sideWords(const ComparedSide& side);
/// "A", "B".
QString sideLetter(std::size_t side);

} // namespace llamahome::managers
