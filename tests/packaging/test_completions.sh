#!/usr/bin/env bash
# The completion scripts that are installed load in their shells and offer commands, options and values.
# usage: test_completions.sh SOURCE_FOLDER GENERATED_FOLDER    zsh and fish only where they are installed
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts=$2

# offered WORD…: what bash offers for the last of the words.
offered() {
    bash --norc --noprofile -euc '
        source "$1"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        complete -p llamahome >/dev/null
        _llamahome
        printf "%s\n" "${COMPREPLY[@]}"' bash "$scripts/bash/llamahome" "$@"
}
offers() {
    local wanted=$1
    shift
    offered "$@" | grep -qx -- "$wanted" || fail "bash: '$*' does not offer $wanted"
}
offers train llamahome tr
offers show llamahome runs s
offers --data llamahome train --da
offers --root llamahome train --ro
offers debug llamahome --log-level d
if offered llamahome c | grep -qx completion; then fail "bash: offers a hidden command"; fi

if command -v zsh >/dev/null; then
    zsh -fn "$scripts/zsh/_llamahome" || fail "zsh: the script does not parse"
fi
if command -v fish >/dev/null; then
    fish --no-config --no-execute "$scripts/fish/llamahome.fish" || fail "fish: the script does not parse"
fi
