// What Qt needs of a program that has no Qt of its own. Any thread.
#pragma once

namespace llamahome::network {

/// Makes Qt's application object where the program has none, at the first call; it stays until the process
/// ends, and Qt's messages go to the log. In the window both are that program's own.
void prepareQt();

} // namespace llamahome::network
