# The third-party libraries of the torch-free part. Each is linked PRIVATE by the folder that owns it.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(ZLIB REQUIRED)

# yaml-cpp: the static archive where there is one, so that a package does not depend on its SONAME.
find_package(yaml-cpp 0.7 REQUIRED)
find_library(YAML_CPP_ARCHIVE NAMES libyaml-cpp.a)
add_library(llamahome_yaml INTERFACE)
if(YAML_CPP_ARCHIVE)
    target_link_libraries(llamahome_yaml INTERFACE "${YAML_CPP_ARCHIVE}")
else()
    target_link_libraries(llamahome_yaml INTERFACE yaml-cpp)
endif()

# spdlog and fmt: header-only builds, for the same reason.
add_library(llamahome_spdlog INTERFACE)
target_link_libraries(llamahome_spdlog INTERFACE spdlog::spdlog_header_only fmt::fmt-header-only)

find_library(PCRE2_LIBRARY NAMES pcre2-8 REQUIRED)
find_path(PCRE2_INCLUDE_DIR NAMES pcre2.h REQUIRED)
add_library(llamahome_pcre2 INTERFACE)
target_link_libraries(llamahome_pcre2 INTERFACE "${PCRE2_LIBRARY}")
target_include_directories(llamahome_pcre2 SYSTEM INTERFACE "${PCRE2_INCLUDE_DIR}")
target_compile_definitions(llamahome_pcre2 INTERFACE PCRE2_CODE_UNIT_WIDTH=8)

# utf8proc: the static archive where there is one, as of yaml-cpp.
find_library(UTF8PROC_LIBRARY NAMES libutf8proc.a utf8proc REQUIRED)
find_path(UTF8PROC_INCLUDE_DIR NAMES utf8proc.h REQUIRED)
add_library(llamahome_utf8proc INTERFACE)
target_link_libraries(llamahome_utf8proc INTERFACE "${UTF8PROC_LIBRARY}")
target_include_directories(llamahome_utf8proc SYSTEM INTERFACE "${UTF8PROC_INCLUDE_DIR}")

if(LLAMAHOME_BUILD_ENGINE)
    include(Libtorch)
endif()
find_package(Qt6 6.4 REQUIRED COMPONENTS Core DBus Gui Widgets Network Charts Svg)
find_package(Qt6Keychain 0.13 REQUIRED)
if(LLAMAHOME_BUILD_TESTS)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Test)
endif()
