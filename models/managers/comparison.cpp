#include "managers/comparison.h"

#include <algorithm>

#include <QPointer>
#include <QStringList>

#include "config/setting_descriptor.h"
#include "core/error_codes.h"
#include "jobs/chat/chat_session.h"
#include "managers/model_manager.h"
#include "managers/text.h"

namespace llamahome::managers {

Comparison::Comparison(ChatManager& chat, ModelManager& models, QObject* parent)
    : QObject(parent)
    , m_chat(chat)
    , m_models(models) {
    connect(&m_chat, &ChatManager::settingsChanged, this, &Comparison::followModel);
    connect(&m_chat, &ChatManager::fitsChanged, this, &Comparison::followModel);
}

void Comparison::setOn(bool on) {
    if (m_isOn == on) return;
    if (on)
        chooseSides();
    else if (m_answering)
        m_chat.stop();
    m_isOn = on;
    Q_EMIT onChanged();
}

void Comparison::chooseSides() {
    auto& [left, right] = m_sides;
    left = {m_chat.current().adapter, m_chat.current().adapterScale};
    if (!m_chat.fits(toQt(right.adapter), toQt(m_chat.current().model))) right = {};
    if (left == right && !left.adapter.empty()) right = {};
    if (left == right) right = {firstAdapter(), 1.0};
    Q_EMIT sidesChanged();
}

std::string Comparison::firstAdapter() const {
    const auto& all = m_models.adapters();
    const auto found = std::find_if(all.begin(), all.end(), [this](const jobs::ModelEntry& entry) {
        return entry.isUsable() && m_chat.fits(toQt(entry.name), toQt(m_chat.current().model));
    });
    return found == all.end() ? std::string() : found->name;
}

void Comparison::followModel() {
    for (ComparedSide& side : m_sides)
        if (!m_chat.fits(toQt(side.adapter), toQt(m_chat.current().model))) side = {};
    Q_EMIT sidesChanged();
}

void Comparison::setAdapter(std::size_t side, const QString& name) {
    if (toQt(m_sides.at(side).adapter) == name) return;
    m_sides.at(side) = {fromQt(name), 1.0};
    Q_EMIT sidesChanged();
}

void Comparison::setScale(std::size_t side, double scale) {
    if (m_sides.at(side).scale == scale) return;
    m_sides.at(side).scale = scale;
    Q_EMIT sidesChanged();
}

bool Comparison::send(const QString& text) {
    ComparedRound round;
    round.prompt = fromQt(text);
    round.model = m_chat.current().model;
    round.seed = m_chat.current().sampling.seed;
    round.sides = m_sides;
    std::vector<jobs::Conversation> asked;
    for (std::size_t side = 0; side < kComparedSides; ++side) {
        round.answers.at(side).role = "assistant";
        jobs::Conversation& one = asked.emplace_back(m_chat.current());
        one.adapter = m_sides.at(side).adapter;
        one.adapterScale = m_sides.at(side).scale;
        one.messages = {{"user", round.prompt, {}, 0, 0.0}};
    }
    const QPointer<Comparison> self(this);
    ChatManager::Hearing hearing;
    hearing.onPiece = [self](std::size_t side, const std::string& piece) {
        if (self) self->takePiece(side, piece);
    };
    hearing.onAnswer = [self](std::size_t side, const ChatAnswer& answer) {
        if (self) self->takeAnswer(side, answer);
    };
    hearing.onEnd = [self](const Result<std::vector<ChatAnswer>>& answers) {
        if (self) self->takeEnd(answers ? std::nullopt : std::optional(answers.error()));
    };
    if (!m_chat.answerAside(tr("Compare with %1").arg(toQt(round.model)), asked, std::move(hearing)))
        return false;
    m_rounds.push_back(std::move(round));
    m_answering = 0;
    Q_EMIT roundBegan();
    return true;
}

void Comparison::takePiece(std::size_t side, const std::string& piece) {
    m_rounds.back().answers.at(side).content += piece;
    Q_EMIT answerGrew(side, toQt(piece));
}

void Comparison::takeAnswer(std::size_t side, const ChatAnswer& given) {
    const jobs::Answer& answer = given.answer;
    m_rounds.back().answers.at(side) = {"assistant", answer.text,
                                        std::string(jobs::finishName(answer.finish)), answer.tokens.size(),
                                        answer.decodeSeconds};
    m_answering = std::min(side + 1, kComparedSides - 1);
    Q_EMIT answered(side);
}

void Comparison::takeEnd(const std::optional<Error>& error) {
    m_answering.reset();
    const auto& answers = m_rounds.back().answers;
    const bool isEmpty = std::all_of(answers.begin(), answers.end(),
                                     [](const auto& answer) { return answer.content.empty(); });
    const bool wasStopped = error ? error->code == codes::kCancelled : answers[1].finish.empty();
    if (!isEmpty || (!error && !wasStopped)) {
        close(wasStopped ? "cancelled" : "failed");
        if (error && !wasStopped) Q_EMIT failed(*error, {});
        return;
    }
    const QString asked = toQt(m_rounds.back().prompt);
    m_rounds.pop_back();
    Q_EMIT roundDropped();
    Q_EMIT failed(error.value_or(Error{codes::kCancelled, "stopped before an answer began"}), asked);
}

void Comparison::close(const std::string& finish) {
    for (std::size_t side = 0; side < kComparedSides; ++side) {
        jobs::ConversationMessage& answer = m_rounds.back().answers.at(side);
        if (!answer.finish.empty()) continue;
        answer.finish = finish;
        Q_EMIT answered(side);
    }
}

std::vector<jobs::ComparedAnswers> Comparison::answers() const {
    std::vector<jobs::ComparedAnswers> all;
    for (const ComparedRound& round : m_rounds) {
        jobs::ComparedAnswers compared{round.model, round.prompt, round.seed, {}};
        for (std::size_t side = 0; side < kComparedSides; ++side)
            compared.sides.at(side) = {fromQt(sideWords(round.sides.at(side))),
                                       round.answers.at(side).content};
        all.push_back(std::move(compared));
    }
    return all;
}

QStringList Comparison::adapters() const {
    QStringList names;
    for (const ComparedRound& round : m_rounds)
        for (const ComparedSide& side : round.sides)
            if (!side.adapter.empty() && !names.contains(toQt(side.adapter))) names << toQt(side.adapter);
    return names;
}

QString Comparison::text() const {
    QStringList parts;
    for (const ComparedRound& round : m_rounds) {
        parts << tr("%1, seed %2").arg(toQt(round.model)).arg(round.seed);
        parts << tr("Message:") + u'\n' + toQt(round.prompt);
        for (std::size_t side = 0; side < kComparedSides; ++side)
            parts << tr("%1, %2:").arg(sideLetter(side), sideWords(round.sides.at(side))) + u'\n' +
                         toQt(round.answers.at(side).content);
    }
    return parts.join(QStringLiteral("\n\n")) + u'\n';
}

QString sideWords(const ComparedSide& side) {
    if (side.adapter.empty()) return Comparison::tr("base model alone");
    const QString name = toQt(side.adapter);
    return side.scale == 1.0
               ? name
               : Comparison::tr("%1 × %2").arg(name, QString::fromStdString(config::numberText(side.scale)));
}

QString sideLetter(std::size_t side) {
    return side == 0 ? Comparison::tr("A") : Comparison::tr("B");
}

} // namespace llamahome::managers
