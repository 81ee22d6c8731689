#!/usr/bin/env bash
# Makes the Debian package and the tarball from this checkout into build/package/. Asks nothing; a second run
# repeats only the packing. packaging/test_package.sh checks what came out.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
cd "$project_root"
trap print_times EXIT

out=$project_root/build/package

stage dependencies "missing Debian packages (1 to 5 minutes the first time)"
bash packaging/install_dependencies.sh

stage libtorch "headers and CPU libraries from the Python index (1 to 5 minutes the first time)"
bash packaging/fetch_libtorch.sh

stage build "the program (about 10 minutes on two cores the first time)"
cmake --preset release
cmake --build --preset release

stage package "Debian package and tarball (about 4 minutes on two cores)"
need_space "$project_root/build" 2500
rm -rf "$out"
mkdir -p "$out"
# cpack takes the modes of folders from the umask.
umask 022
for generator in DEB TGZ; do
    cpack --config build/release/CPackConfig.cmake -G "$generator" -B "$out" >"$out/cpack.log" \
        || { cat "$out/cpack.log" >&2; die "cpack -G $generator failed, see above"; }
    rm -rf "$out/_CPack_Packages"
done
rm -f "$out/cpack.log"

for file in "$out"/*.deb "$out"/*.tar.gz; do
    say "$file: $(($(stat -c %s "$file") / 1000000)) MB"
done
