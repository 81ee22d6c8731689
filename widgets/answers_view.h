// AnswersView: the answers to the evaluation prompts before, while and after training, as a time line beside
// the base model's. GUI thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <QScrollArea>

#include "managers/training_manager.h"

class QVBoxLayout;

namespace llamahome::widgets {

class AnswersView final : public QScrollArea {
    Q_OBJECT

public:
    /// `emptyNote` is shown while there is no answer.
    explicit AnswersView(QString emptyNote, QWidget* parent = nullptr);
    /// Of one prompt the newest "after" counts.
    void setAnswers(const std::vector<jobs::SampleAnswer>& answers);

private:
    /// All that was answered to one prompt.
    struct Thread {
        std::string prompt;
        std::string reference;
        std::optional<std::string> before;
        std::map<std::int64_t, std::string> during; ///< by step
        std::optional<std::string> after;
    };

    static std::vector<Thread> threadsOf(const std::vector<jobs::SampleAnswer>& answers);
    QWidget* makeThread(const Thread& thread);
    QWidget* makeAnswer(const QString& title, const std::optional<std::string>& answer);

    QString m_emptyNote;
    std::vector<jobs::SampleAnswer> m_shown;
};

} // namespace llamahome::widgets
