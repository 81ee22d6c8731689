// QtMessages: what Qt has to say goes into the program's log; where it would abort, the program ends with an
// error instead. Main thread; messages come from any.
#pragma once

#include <functional>

#include "core/error.h"

namespace llamahome::app {

class QtMessages {
public:
    /// `fatal` tells the user why there is no window; the process then ends with WIN-01's exit code.
    explicit QtMessages(std::function<void(const Error&)> fatal);
    ~QtMessages();
    QtMessages(const QtMessages&) = delete;
    QtMessages& operator=(const QtMessages&) = delete;

    /// `stop` brings work to its end in order when the display goes away, which Qt answers with exit(). It
    /// runs on the main thread; the process then ends with the code it returns.
    void onDisplayLost(std::function<int()> stop);

private:
    struct State;
};

} // namespace llamahome::app
