# Language level, warnings, sanitizers, linker and compiler cache for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

# Asserts stay in what users get: a broken contract should stop the program, not a user's data.
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_RELEASE "-O2")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
    add_link_options(-fuse-ld=mold)
endif()

# Flags of the project's own code; third parties are included as SYSTEM and stay silent.
add_library(llamahome_flags INTERFACE)
# g++ 12 sees overlapping copies in `"a" + std::string(…)` (GCC bug 105651) and uninitialised members in moved
# std::variants (105562) where there are none; clang and the sanitizers look for both.
target_compile_options(llamahome_flags INTERFACE
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-maybe-uninitialized>
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
    $<$<BOOL:${LLAMAHOME_WERROR}>:-Werror>)
if(LLAMAHOME_PCH) # -fpch-preprocess lets ccache see through a precompiled header
    target_compile_options(llamahome_flags INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>)
endif()
target_compile_definitions(llamahome_flags INTERFACE
    QT_NO_KEYWORDS QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_NARROWING_CONVERSIONS_IN_CONNECT)

if(LLAMAHOME_SANITIZE) # a report ends the program, or nobody would see it
    add_compile_options(-fsanitize=${LLAMAHOME_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${LLAMAHOME_SANITIZE})
endif()

# The headers that nearly every file pays for. Made once by the first library and reused by the others.
set(LLAMAHOME_COMMON_HEADERS <algorithm> <array> <filesystem> <functional> <map> <memory> <optional> <span>
    <string> <string_view> <variant> <vector> <nlohmann/json.hpp>)
function(llamahome_precompile name owner)
    if(NOT LLAMAHOME_PCH)
        return()
    endif()
    if(name STREQUAL owner)
        target_precompile_headers(${name} PRIVATE ${LLAMAHOME_COMMON_HEADERS} ${ARGN})
    else()
        target_precompile_headers(${name} REUSE_FROM ${owner})
    endif()
endfunction()

# One static library for one folder: llamahome_library(NAME sources…), headers included as "core/result.h".
function(llamahome_library name)
    add_library(${name} STATIC ${ARGN})
    target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}/models")
    target_link_libraries(${name} PRIVATE llamahome_flags)
    if(NOT name STREQUAL "llamahome_llama") # has a precompiled header of its own
        llamahome_precompile(${name} llamahome_core)
    endif()
endfunction()

# The same for a folder that knows Qt: moc runs over it.
function(llamahome_qt_library name)
    add_library(${name} STATIC ${ARGN})
    set_target_properties(${name} PROPERTIES AUTOMOC ON AUTORCC ON)
    target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}/models" "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE llamahome_flags)
endfunction()

# Compiles Qt's headers once for such a folder, where LLAMAHOME_PCH is on: they cost each file more than its
# own code does.
function(llamahome_precompile_qt name)
    if(LLAMAHOME_PCH)
        target_precompile_headers(${name} PRIVATE ${LLAMAHOME_COMMON_HEADERS} ${ARGN})
    endif()
endfunction()
