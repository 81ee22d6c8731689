// Pictures of windows, for the manual and for looking at. GUI thread.
#pragma once

class QWidget;

namespace llamahome::testing {

/// Whether LLAMAHOME_TEST_PICTURES names a folder for them.
bool takesPictures();
/// The theme of LLAMAHOME_TEST_THEME, as its number in look::Theme.
void applyPictureTheme();
/// `name`.png of the window, and of the dialog over it, in that folder; nothing where there is none.
void takePicture(QWidget& window, const char* name);

} // namespace llamahome::testing
