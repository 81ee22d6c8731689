#include "network/qt_keychain.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>

#include <QtCore/QThread>
#include <qt6keychain/keychain.h>

#include "core/error_codes.h"

namespace llamahome::network {
namespace {

const QString kService = QStringLiteral("LlamaHome");
/// While the user is asked for the keychain's password.
constexpr std::chrono::seconds kWait{60};
constexpr std::chrono::milliseconds kLook{50}; ///< at a cancel

/// What a job came to.
struct Outcome {
    QKeychain::Error error = QKeychain::OtherError;
    std::string words;
    std::string secret;
};

/// QtKeychain keeps one queue of jobs, on the thread that first used it: that thread must not end.
QObject& jobThreadsObject() {
    static QObject* const object = [] {
        auto* thread = new QThread;
        auto* made = new QObject;
        made->moveToThread(thread);
        thread->start();
        return made;
    }();
    return *object;
}

/// Makes, on the jobs' thread, a job that deletes itself.
using MakeJob = std::function<QKeychain::Job*()>;

Error silent() {
    return {codes::kHubToken, "the system's keychain does not answer; unlock it, or set HF_TOKEN"};
}

/// Whether the outcome came in time.
Result<bool> waitFor(const std::future<Outcome>& outcome, const CancelToken& cancel) {
    const auto last = std::chrono::steady_clock::now() + kWait;
    while (outcome.wait_for(kLook) != std::future_status::ready) {
        if (cancel.isCancelled())
            return Error{codes::kCancelled, "stopped before the system's keychain had answered"};
        if (std::chrono::steady_clock::now() > last) return false;
    }
    return true;
}

/// The job keeps the promise alive, so that an answer that nobody waits for any more goes nowhere.
Result<Outcome> run(const MakeJob& make, const CancelToken& cancel) {
    static std::atomic<bool> isSilent = false; // whoever waited in vain does not wait again before it answers
    if (isSilent) return silent();
    const auto promise = std::make_shared<std::promise<Outcome>>();
    auto outcome = promise->get_future();
    QObject& context = jobThreadsObject();
    QMetaObject::invokeMethod(&context, [promise, make, &context] {
        QKeychain::Job* job = make();
        QObject::connect(job, &QKeychain::Job::finished, &context, [promise](QKeychain::Job* done) {
            Outcome result{done->error(), done->errorString().toStdString(), {}};
            if (const auto* read = qobject_cast<QKeychain::ReadPasswordJob*>(done))
                result.secret = read->textData().toStdString();
            isSilent = false;
            promise->set_value(std::move(result));
        });
        job->start();
    });
    const auto isInTime = waitFor(outcome, cancel);
    if (!isInTime) return isInTime.error();
    if (*isInTime) return outcome.get();
    isSilent = true;
    return silent();
}

/// Nothing kept, and nobody who keeps, are no errors.
bool isNothing(QKeychain::Error error) {
    return error == QKeychain::EntryNotFound || error == QKeychain::NoBackendAvailable;
}

Error refused(const Outcome& outcome) {
    return {codes::kHubToken,
            "the system's keychain refuses: " + outcome.words + "; unlock it, or set HF_TOKEN"};
}

} // namespace

Result<std::string> QtKeychain::read(const std::string& name, const CancelToken& cancel) {
    const auto outcome = run(
        [key = QString::fromStdString(name)] {
            auto* job = new QKeychain::ReadPasswordJob(kService);
            job->setKey(key);
            return job;
        },
        cancel);
    if (!outcome) return outcome.error();
    if (isNothing(outcome->error)) return std::string();
    if (outcome->error != QKeychain::NoError) return refused(*outcome);
    return outcome->secret;
}

Result<void> QtKeychain::write(const std::string& name, const std::string& secret,
                               const CancelToken& cancel) {
    const auto outcome = run(
        [key = QString::fromStdString(name), text = QString::fromStdString(secret)] {
            auto* job = new QKeychain::WritePasswordJob(kService);
            job->setKey(key);
            job->setTextData(text);
            return job;
        },
        cancel);
    if (!outcome) return outcome.error();
    return outcome->error == QKeychain::NoError ? Result<void>() : Result<void>(refused(*outcome));
}

Result<void> QtKeychain::remove(const std::string& name, const CancelToken& cancel) {
    const auto outcome = run(
        [key = QString::fromStdString(name)] {
            auto* job = new QKeychain::DeletePasswordJob(kService);
            job->setKey(key);
            return job;
        },
        cancel);
    if (!outcome) return outcome.error();
    const bool isGone = outcome->error == QKeychain::NoError || isNothing(outcome->error);
    return isGone ? Result<void>() : Result<void>(refused(*outcome));
}

} // namespace llamahome::network
