# shellcheck shell=bash
# Shared by the tests beside it. Only sourced.

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# need TOOL PACKAGE: skips the test where the tool is missing.
need() {
    command -v "$1" >/dev/null && return
    printf 'skipped: %s is missing; run packaging/install_dependencies.sh --tests (package %s)\n' "$1" "$2"
    exit 77
}
