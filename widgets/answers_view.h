// AnswersView: the answers to the evaluation prompts before and after training, side by side. GUI thread.
#pragma once

#include <vector>

#include <QScrollArea>

#include "managers/training_manager.h"

class QVBoxLayout;

namespace llamahome::widgets {

class AnswersView final : public QScrollArea {
    Q_OBJECT

public:
    explicit AnswersView(QWidget* parent = nullptr);
    /// Of one prompt the newest "after" counts.
    void setAnswers(const std::vector<jobs::SampleAnswer>& answers);

private:
    struct Pair {
        std::string prompt;
        std::string reference;
        std::optional<std::string> before;
        std::optional<std::string> after;
    };

    static std::vector<Pair> pairsOf(const std::vector<jobs::SampleAnswer>& answers);
    QWidget* makePair(const Pair& pair);
    QWidget* makeAnswer(const QString& title, const std::optional<std::string>& answer);

    std::vector<jobs::SampleAnswer> m_shown;
};

} // namespace llamahome::widgets
