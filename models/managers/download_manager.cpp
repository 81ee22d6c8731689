#include "managers/download_manager.h"
