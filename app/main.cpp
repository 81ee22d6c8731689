#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "app/program.h"

int main(int argc, char** argv) {
    // A reader that goes away (`llamahome train … | head`) must not end a run.
    std::signal(SIGPIPE, SIG_IGN);
    try {
        llamahome::app::Output output(stdout, stderr);
        const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
        return llamahome::app::runProgram(words, output);
    } catch (...) { // even reporting the error has failed, for lack of memory
        std::fputs("llamahome: internal error; not enough memory to say more\n", stderr);
        return 1;
    }
}
