#!/usr/bin/env bash
# The manual page is read without a complaint and shows every command that the program's help shows.
# usage: test_manual_page.sh SOURCE_FOLDER GENERATED_FOLDER
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
page=$2/man/llamahome.1

need man man-db
need groff groff-base

# The same macros as man(1) uses, with every warning on; man itself would hide a missing one.
said=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
[[ -z $said ]] || fail "groff: $said"
text=$(LC_ALL=C.UTF-8 MANWIDTH=100 man -l "$page" | sed 's/.\x08//g')
for heading in NAME SYNOPSIS DESCRIPTION OPTIONS COMMANDS ENVIRONMENT FILES "EXIT STATUS"; do
    grep -q "^$heading\$" <<<"$text" || fail "no section $heading"
done
# Options that people copy have the hyphen of the keyboard.
grep -q -- '--data FILE' <<<"$text" || fail "no --data FILE as it is typed"
for command in train resume chat import doctor "runs show"; do
    grep -q "^ *llamahome $command\$" <<<"$text" || fail "no command $command"
done
