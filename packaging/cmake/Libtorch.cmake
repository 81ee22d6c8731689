# libtorch from the Python wheel: own imported targets, nothing of the wheel's CMake files.
# Gives llamahome_libtorch (INTERFACE). Linked PRIVATE by the engine's targets and by no other.
if(DEFINED ENV{XDG_CACHE_HOME} AND IS_ABSOLUTE "$ENV{XDG_CACHE_HOME}")
    set(cache_home "$ENV{XDG_CACHE_HOME}")
else()
    set(cache_home "$ENV{HOME}/.cache")
endif()
set(LLAMAHOME_LIBTORCH_VERSION 2.11.0)
set(LLAMAHOME_LIBTORCH "${cache_home}/llamahome/libtorch-${LLAMAHOME_LIBTORCH_VERSION}/torch"
    CACHE PATH "Folder with libtorch's include/ and lib/ (a torch/ folder inside it is found too)")

set(torch_dir "${LLAMAHOME_LIBTORCH}")
if(NOT EXISTS "${torch_dir}/lib" AND EXISTS "${torch_dir}/torch/lib")
    string(APPEND torch_dir "/torch")
endif()
set(LLAMAHOME_LIBTORCH_LICENSES "${torch_dir}/../torch-${LLAMAHOME_LIBTORCH_VERSION}.dist-info/licenses")
foreach(file IN ITEMS include/ATen/ops/mm.h lib/libtorch_cpu.so lib/libc10.so lib/libgomp.so.1)
    if(NOT EXISTS "${torch_dir}/${file}")
        message(FATAL_ERROR "libtorch: no ${file} in ${torch_dir}; run packaging/fetch_libtorch.sh "
            "(it fills the cache folder), or name another folder with -DLLAMAHOME_LIBTORCH=DIR, "
            "or build without the engine: -DLLAMAHOME_BUILD_ENGINE=OFF")
    endif()
endforeach()

add_subdirectory("${PROJECT_SOURCE_DIR}/packaging/cuda_stand_ins" "${CMAKE_BINARY_DIR}/cuda_stand_ins")

# The wheel's libgomp and only that one: OpenMP is switched on at compile time (at::parallel_for is header
# code), never at link time, where the compiler would add its own copy.
foreach(name IN ITEMS gomp c10 torch_cpu)
    add_library(llamahome_${name} SHARED IMPORTED GLOBAL)
endforeach()
set_target_properties(llamahome_gomp PROPERTIES IMPORTED_LOCATION "${torch_dir}/lib/libgomp.so.1")
set_target_properties(llamahome_c10 PROPERTIES IMPORTED_LOCATION "${torch_dir}/lib/libc10.so")
set_target_properties(llamahome_torch_cpu PROPERTIES
    IMPORTED_LOCATION "${torch_dir}/lib/libtorch_cpu.so"
    IMPORTED_LINK_DEPENDENT_LIBRARIES "llamahome_c10;llamahome_gomp")

add_library(llamahome_libtorch INTERFACE)
target_include_directories(llamahome_libtorch SYSTEM INTERFACE
    "${torch_dir}/include" "${torch_dir}/include/torch/csrc/api/include")
target_compile_definitions(llamahome_libtorch INTERFACE AT_PER_OPERATOR_HEADERS)
# clang would pull in its own OpenMP runtime beside libgomp, so with it the project's parallel_for bodies run
# serially; libtorch's own kernels stay parallel.
# -fpch-preprocess lets ccache see through a precompiled header.
target_compile_options(llamahome_libtorch INTERFACE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fopenmp>
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fpch-preprocess>
    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-unknown-pragmas>)
# Everything that libtorch_cpu.so needs is needed by us first (--no-as-needed) and searched through an RPATH
# (not RUNPATH), so that neither LD_LIBRARY_PATH nor a system folder slips in a second libgomp or cudart.
target_link_options(llamahome_libtorch INTERFACE LINKER:--no-as-needed LINKER:--disable-new-dtags)
target_link_libraries(llamahome_libtorch INTERFACE
    llamahome_cudart_stand_in llamahome_cupti_stand_in llamahome_gomp llamahome_torch_cpu llamahome_c10)
