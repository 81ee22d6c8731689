#!/usr/bin/env bash
# Checks the Debian package and the tarball: contents, sizes, licences, search paths, dependencies, and that
# both run from a folder of any name. Needs no root; installs nothing.
# usage: test_package.sh [FOLDER]            FOLDER holds the two files; build/package without it
#        test_package.sh --install [FOLDER]  also installs, upgrades and removes the package with apt; as root
#                                            only on a machine that may be thrown away
# With LLAMAHOME_TEST_STARTER_GGUF, the starter model's file, each also trains two steps.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

max_package_mb=130
max_installed_mb=450
library=lib/llamahome

install=
if [[ ${1:-} == --install ]]; then
    install=yes
    shift
fi
folder=$(realpath "${1:-$project_root/build/package}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The one file that the pattern names.
only_file() {
    local files
    mapfile -t files < <(compgen -G "$folder/$1")
    [[ ${#files[@]} == 1 && -f ${files[0]} ]] || die "$folder: expected one $1, found: $(ls "$folder")"
    printf '%s\n' "${files[0]}"
}

megabytes() { printf '%d\n' $((($(stat -c %s "$1") + 999999) / 1000000)); }

check_size() {
    local found
    found=$(megabytes "$1")
    ((found <= max_package_mb)) || die "$1: $found MB, at most $max_package_mb MB"
    say "$(basename "$1"): $found MB"
}

check_contents() {
    local root=$1 path size
    for path in bin/llamahome $library/llamahome-window $library/libllamahome_engine.so \
        $library/libllamahome_network.so $library/libllamahome_keychain.so \
        $library/libtorch_cpu.so $library/libc10.so \
        $library/libgomp.so.1 $library/libcudart.so.13 $library/libcupti.so.13 \
        share/llamahome/.config/models.json share/llamahome/.config/training_config.yaml \
        share/llamahome/.config/presets/quick_look.yaml share/llamahome/resources/samples/gsm8k_450.jsonl \
        share/applications/llamahome.desktop share/metainfo/llamahome.metainfo.xml \
        share/mime/packages/llamahome.xml share/icons/hicolor/scalable/apps/llamahome.svg \
        share/icons/hicolor/symbolic/apps/llamahome-symbolic.svg share/man/man1/llamahome.1.gz \
        share/bash-completion/completions/llamahome share/zsh/vendor-completions/_llamahome \
        share/fish/vendor_completions.d/llamahome.fish \
        share/doc/llamahome/{README.md,CHANGELOG.md,NOTICES.md,copyright} \
        share/doc/llamahome/{LICENSE,LICENSE-ADDITIONAL-PERMISSION} \
        share/doc/llamahome/docs/manual/{index.md,first_fine_tune.md,images/chat.png} \
        share/doc/llamahome/libtorch/{LICENSE,NOTICE} \
        share/doc/llamahome/onemkl/{LICENSE.txt,third-party-programs.txt} \
        share/llamahome/resources/samples/gsm8k_LICENSE.txt; do
        [[ -s $root/$path ]] || die "$path is missing or empty"
    done
    size=$(($(du -s --apparent-size -B1000 "$root" | cut -f1) / 1000))
    ((size <= max_installed_mb)) || die "installed: $size MB, at most $max_installed_mb MB"
    say "installed: $size MB in $(find "$root" -type f | wc -l) files"
    find "$root" ! -type l -perm /022 | grep . && die "others may write to the paths above"
    find "$root" -type l | grep . && die "links are not expected, see above"
    gzip -t "$root/share/man/man1/llamahome.1.gz"
}

# No line of a dynamic section may lead to the machine that built it, and every library that is needed is in
# the package or comes with a package that it depends on.
check_libraries() {
    local root=$1 depends=$2 file path name package
    for file in "$root/bin/llamahome" "$root/$library"/*; do
        path=$(objdump -p "$file" | awk '$1 == "RPATH" || $1 == "RUNPATH" {print $2}')
        # shellcheck disable=SC2016
        [[ $path == "" || $path == '$ORIGIN' ]] || die "$file: searches $path, expected only \$ORIGIN"
        for name in $(objdump -p "$file" | awk '$1 == "NEEDED" {print $2}'); do
            [[ ! -e $root/$library/$name ]] || continue
            package=$(package_of "$name")
            [[ " $depends " == *[\ ,]"$package"[\ ,]* ]] || die "$file needs $name: no '$package' in Depends"
        done
    done
}

# highest FILE PREFIX: the highest version that the file asks for, as 2.34 of GLIBC_2.34.
highest() { objdump -T "$1" | sed -n "s/.*\b$2_\([0-9.]*\)\b.*/\1/p" | sort -uV | tail -n 1; }

# Nothing newer than what Debian 12 has, wherever the package was built.
check_age() {
    local root=$1 file
    for file in "$root/bin/llamahome" "$root/$library"/*; do
        at_most "$file" GLIBC 2.36
        at_most "$file" GLIBCXX 3.4.30
    done
}

at_most() {
    local found
    found=$(highest "$1" "$2")
    [[ -z $found || $(printf '%s\n' "$found" "$3" | sort -V | tail -n 1) == "$3" ]] \
        || die "$1: needs $2 $found, Debian 12 has $3; build the package on Debian 12"
}

# The Debian 12 package of a library.
package_of() {
    case $1 in
    ld-linux-x86-64.so.2 | libc.so.6 | libm.so.6 | libdl.so.2 | libpthread.so.0 | librt.so.1) echo libc6 ;;
    libgcc_s.so.1) echo libgcc-s1 ;;
    libstdc++.so.6) echo libstdc++6 ;;
    libpcre2-8.so.0) echo libpcre2-8-0 ;;
    libz.so.1) echo zlib1g ;;
    libcrypto.so.3 | libssl.so.3) echo libssl3 ;;
    libQt6*.so.6) name=${1#libQt6} && name=${name%.so.6} && echo "libqt6${name,,}6" ;;
    *) echo "unknown, add it to package_of and to Package.cmake: $1" ;;
    esac
}

# The stand-ins are ours: small, and with nothing in them that names NVIDIA. Nothing else of CUDA is there.
check_no_nvidia() {
    local root=$1 file
    for file in "$root/$library"/libcu*; do
        (($(stat -c %s "$file") < 65536)) || die "$file: too large for a stand-in"
        ! grep -aqi nvidia "$file" || die "$file: names NVIDIA"
    done
    find "$root" -type f \( -iname '*cudnn*' -o -iname '*cublas*' -o -iname '*nccl*' -o -iname '*nvrtc*' \
        -o -iname 'libtorch_cuda*' -o -iname 'libc10_cuda*' -o -iname 'libnv*' \) | grep . \
        && die "the files above are parts of CUDA"
    # libtorch_cpu.so only asks for them.
    nm -D --defined-only "$root/$library/libtorch_cpu.so" \
        | grep -E ' T (cuda[A-Z][A-Za-z]*|cupti[A-Z][A-Za-z]*|NVPW_.*)$' \
        && die "libtorch_cpu.so defines the functions of CUDA above"
    return 0
}

# The program in a tree, in an environment of its own.
run_in() {
    local root=$1
    shift
    env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="$work/home" "$root/bin/llamahome" "$@"
}

check_runs() {
    local root=$1 version=$2
    rm -rf "${work:?}/home"
    mkdir -p "$work/home"
    [[ $(run_in "$root" --version) == "llamahome $version" ]] || die "--version: $(run_in "$root" --version)"
    run_in "$root" --json models >"$work/models.json"
    python3 - "$work/models.json" <<'EOF'
import json, sys
versions = [row["version"] for row in json.load(open(sys.argv[1], encoding="utf-8"))]
sys.exit(0 if "135m-instruct" in versions else f"models: found {versions}")
EOF
    # It ends with 1 where this machine would stop a run; here only the package is looked at.
    run_in "$root" --json doctor --quick >"$work/doctor.json" || [[ $? == 1 ]]
    python3 - "$work/doctor.json" <<'EOF'
import json, sys
findings = {row["name"]: row for row in json.load(open(sys.argv[1], encoding="utf-8"))}
libtorch = findings["libtorch"]
print("doctor:", libtorch["value"])
sys.exit(0 if libtorch["status"] == "ok" else f"doctor: {libtorch}")
EOF
    check_window "$root"
    [[ -z ${LLAMAHOME_TEST_STARTER_GGUF:-} ]] || check_training "$root"
}

# The window comes up, without a display, from wherever the package lies, and ends on request.
check_window() {
    local root=$1 pid status=0
    mkdir -p "$work/run"
    chmod 700 "$work/run"
    env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="$work/home" XDG_RUNTIME_DIR="$work/run" \
        QT_QPA_PLATFORM=offscreen "$root/lib/llamahome/llamahome-window" &
    pid=$!
    for _ in $(seq 100); do
        [[ -z $(find "$work/run" -name 'llamahome-*' -type s) ]] || break
        sleep 0.2
    done
    [[ -n $(find "$work/run" -name 'llamahome-*' -type s) ]] || die "the window does not come up"
    kill -TERM "$pid"
    wait "$pid" || status=$?
    ((status == 0)) || die "the window ended with $status"
}

# Two steps on the starter model.
check_training() {
    local root=$1
    run_in "$root" --quiet import "$LLAMAHOME_TEST_STARTER_GGUF" --as smollm2 135m-instruct >/dev/null
    head -n 12 "$root/share/llamahome/resources/samples/gsm8k_450.jsonl" >"$work/rows.jsonl"
    run_in "$root" --quiet train smollm2 135m-instruct --data "$work/rows.jsonl" --max-steps 2 --name check \
        >/dev/null
    run_in "$root" --json runs show check | grep -Eq '"state": *"finished"' || die "the run did not finish"
    say "trained two steps on the starter model"
}

check_control() {
    local deb=$1 control=$work/control field found
    mkdir -p "$control"
    dpkg-deb -e "$deb" "$control"
    for field in Package Version Architecture Maintainer Section Priority Depends Installed-Size; do
        grep -q "^$field: ." "$control/control" || die "$deb: no $field"
    done
    # Scripts of the package would be the only way to touch anybody's data.
    found=$(cd "$control" && echo *)
    [[ $found == "control md5sums" ]] || die "$deb: control files: found $found, expected control md5sums"
    dpkg-deb -c "$deb" \
        | awk '$2 != "root/root" || $6 !~ /^\.\/(usr\/.*)?$/ {print; found = 1} END {exit found}' \
        || die "$deb: the paths above are not root's or not below /usr"
}

check_desktop() {
    local root=$1
    if ! command -v desktop-file-validate >/dev/null || ! command -v appstreamcli >/dev/null; then
        say "not checked: desktop file and metainfo (install_dependencies.sh --tests brings the tools)"
        return
    fi
    desktop-file-validate "$root/share/applications/llamahome.desktop"
    appstreamcli validate --no-net "$root/share/metainfo/llamahome.metainfo.xml"
}

# With apt: install, use, upgrade, remove; what the user has made stays.
check_installation() {
    local deb=$1 version=$2 kept=/root/.local/share/llamahome/data/kept.txt next=$work/next
    ((EUID == 0)) || die "--install needs root"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 "$deb" >/dev/null
    [[ $(llamahome --version) == "llamahome $version" ]] || die "installed, but not on the PATH"
    llamahome doctor --quick || [[ $? == 1 ]]
    mkdir -p "$(dirname "$kept")"
    echo mine >"$kept"

    dpkg-deb -R "$deb" "$next"
    sed -i "s/^Version: .*/Version: $version+next/" "$next/DEBIAN/control"
    dpkg-deb -Znone -b "$next" "$work/next.deb" >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 "$work/next.deb" >/dev/null
    [[ $(dpkg-query -W -f='${Version}' llamahome) == "$version+next" ]] || die "not upgraded"
    [[ $(cat "$kept") == mine ]] || die "upgrading touched $kept"
    llamahome --json models >/dev/null

    DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq -o Dpkg::Use-Pty=0 llamahome >/dev/null
    [[ ! -e /usr/bin/llamahome && ! -e /usr/lib/llamahome && ! -e /usr/share/llamahome ]] || die "not removed"
    [[ $(cat "$kept") == mine ]] || die "removing touched $kept"
    say "installed, upgraded and removed; $kept is still there"
}

deb=$(only_file 'llamahome_*_amd64.deb')
tarball=$(only_file 'llamahome-*-linux-x86_64.tar.gz')
version=$(dpkg-deb -f "$deb" Version)
depends=$(dpkg-deb -f "$deb" Depends)
check_size "$deb"
check_size "$tarball"
check_control "$deb"

dpkg-deb -x "$deb" "$work/deb"
check_contents "$work/deb/usr"
check_libraries "$work/deb/usr" "$depends"
check_age "$work/deb/usr"
check_no_nvidia "$work/deb/usr"
check_desktop "$work/deb/usr"
check_runs "$work/deb/usr" "$version"
rm -rf "$work/deb"

# Blanks and letters that are not ASCII in the path.
odd="$work/Käse & Brot/für später"
mkdir -p "$odd"
tar -xzf "$tarball" -C "$odd"
moved=$(echo "$odd"/*)
check_contents "$moved"
check_libraries "$moved" "$depends"
check_runs "$moved" "$version"
say "the tarball runs from '${moved#"$work"/}'"

[[ -z $install ]] || check_installation "$deb" "$version"
say "the packages are good"
