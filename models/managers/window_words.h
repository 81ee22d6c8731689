// Messages of the model layer, which a shell reads too, as the window says them. Any thread with an
// application.
#pragma once

#include <string>

#include <QString>

namespace llamahome::managers {

/// Commands become the place in the window that does the same, options the setting that they stand for. What
/// only a shell can do stays as it is.
QString windowText(const std::string& message);
/// The same for what is no fault of a file: the names of settings, too, become what the window calls them.
QString noticeText(const std::string& notice);

} // namespace llamahome::managers
