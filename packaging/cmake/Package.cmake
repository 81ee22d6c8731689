# cpack -G DEB and -G TGZ. packaging/build_package.sh is the way to both.
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME llamahome)
set(CPACK_PACKAGE_VENDOR "The LlamaHome maintainers")
set(CPACK_PACKAGE_CONTACT "The LlamaHome maintainers <maintainers@llamahome.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_FILE_NAME "llamahome-${PROJECT_VERSION}-linux-x86_64")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Takes a Llama-architecture model from a Hugging Face folder or a GGUF file,
checks it, fine-tunes it with LoRA on your own data and lets you talk to it,
in a window or in the shell. Everything happens on this computer: no account,
no telemetry, no listening port.
.
Needs a processor with AVX2. Holds the CPU libraries of libtorch; these
contain Intel oneMKL, which is not free software but may be passed on.")
# One package for Debian 12 and Ubuntu 24.04, where some libraries carry the mark of the 64-bit time change.
# packaging/test_package.sh fails where a library that is needed has no line here.
set(depends [[
    libc6 (>= 2.36)
    libgcc-s1 (>= 12)
    libstdc++6 (>= 12)
    libpcre2-8-0 (>= 10.32)
    zlib1g (>= 1:1.2.11)
    libssl3t64 (>= 3.0) | libssl3 (>= 3.0)
    libqt6core6t64 (>= 6.4) | libqt6core6 (>= 6.4)
    libqt6gui6t64 (>= 6.4) | libqt6gui6 (>= 6.4)
    libqt6widgets6t64 (>= 6.4) | libqt6widgets6 (>= 6.4)
    libqt6network6t64 (>= 6.4) | libqt6network6 (>= 6.4)
    libqt6dbus6t64 (>= 6.4) | libqt6dbus6 (>= 6.4)
    libqt6keychain1 (>= 0.13)
    libqt6charts6 (>= 6.4)
    libqt6svg6 (>= 6.4)
]])
string(STRIP "${depends}" depends)
string(REGEX REPLACE "\n *" ", " CPACK_DEBIAN_PACKAGE_DEPENDS "${depends}")
# Windows under Wayland, the kind of .gguf files, and opening folders from the window.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "qt6-wayland, shared-mime-info, xdg-utils")
include(CPack)
