#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "app/window/window_program.h"

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN); // a terminal that goes away must not end what the window does
    llamahome::app::Output output(stdout, stderr);
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return llamahome::app::runWindow(words, output);
}
