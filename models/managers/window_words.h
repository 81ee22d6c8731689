// Messages of the model layer, which a shell reads too, as the window says them. Any thread with an
// application.
#pragma once

#include <string>

#include <QString>

namespace llamahome::managers {

/// Commands become the place in the window that does the same, options and names of settings the setting as
/// the window calls it. What only a shell can do stays as it is.
QString windowText(const std::string& message);

} // namespace llamahome::managers
