#!/usr/bin/env bash
# Builds with warnings as errors and runs every test, headless, from a bare machine on. Under 40 minutes on
# two cores, cold. A second run reuses what is there. Asks nothing.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
cd "$project_root"
trap print_times EXIT

stage dependencies "missing Debian packages, those for tests too (2 to 6 minutes the first time)"
bash packaging/install_dependencies.sh --tests

stage libtorch "headers and CPU libraries from the Python index (1 to 5 minutes the first time)"
bash packaging/fetch_libtorch.sh

stage model "the starter model's file for the end-to-end tests (93 MB the first time)"
LLAMAHOME_TEST_STARTER_GGUF=$(bash packaging/fetch_starter_model.sh --gguf)
export LLAMAHOME_TEST_STARTER_GGUF

stage locale "a locale with decimal commas, for the tests of number parsing (seconds)"
mkdir -p build/locale
[[ -d build/locale/de_DE.UTF-8 ]] || localedef -i de_DE -f UTF-8 build/locale/de_DE.UTF-8
export LOCPATH=$project_root/build/locale

stage build "release with warnings as errors (about 10 minutes on two cores, cold)"
cmake --preset ci
cmake --build --preset ci

stage test "all tests (a few minutes)"
ctest --preset ci

if [[ ${1:-} == --more ]]; then
    stage asan "everything without libtorch under AddressSanitizer and UBSan (about 10 minutes, cold)"
    cmake --preset asan
    cmake --build --preset asan
    ctest --preset asan

    stage clang "the same sources with clang, warnings as errors, compiled only (about 10 minutes, cold)"
    cmake --preset clang
    cmake --build --preset clang
fi

say
say "all tests passed"
