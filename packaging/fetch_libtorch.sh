#!/usr/bin/env bash
# Puts libtorch's headers and CPU libraries, taken from the torch wheel of the Python index, into the cache
# folder. A second run does nothing. Needs python3 with pip, and unzip; no Python is used after this.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

version=2.11.0
wheel=torch-$version-cp311-cp311-manylinux_2_28_x86_64.whl
needed=(torch/include/ATen/ops/mm.h torch/lib/libtorch_cpu.so torch/lib/libc10.so torch/lib/libgomp.so.1)

is_whole() {
    local file
    for file in "${needed[@]}"; do
        [[ -s $1/$file ]] || return 1
    done
}

[[ $(uname -s)-$(uname -m) == Linux-x86_64 ]] \
    || die "libtorch $version is fetched for Linux on x86_64 only, found $(uname -s) on $(uname -m);" \
        "bring your own with cmake -DLLAMAHOME_LIBTORCH=DIR"
cache=$(cache_folder)
final=$cache/libtorch-$version
if is_whole "$final"; then
    say "libtorch $version is in $final already"
    exit 0
fi

lock_cache
rm -rf "$cache"/libtorch-*.partial
if ! is_whole "$final"; then
    need_space "$cache" 1800
    say "downloading libtorch $version (531 MB) into $cache"
    # The wheel's Python version does not matter: only its C++ part is used.
    fetch_wheel "$wheel" "torch==$version" \
        --python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64
    partial=$cache/libtorch-$version.partial
    say "unpacking the headers and the CPU libraries (0.5 GB)"
    unzip -q "$cache/downloads/$wheel" 'torch/include/*' torch/lib/libtorch_cpu.so torch/lib/libc10.so \
        torch/lib/libgomp.so.1 "torch-$version.dist-info/licenses/*" -d "$partial"
    is_whole "$partial" || die "$wheel: does not hold what is expected of it: ${needed[*]}"
    install_folder "$partial" "$final"
    rm -f "$cache/downloads/$wheel"
fi
say "libtorch $version is in $final"
