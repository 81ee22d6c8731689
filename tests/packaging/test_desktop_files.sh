#!/usr/bin/env bash
# The desktop file, the software centre's page and the kind of .gguf files are valid and fit together.
# usage: test_desktop_files.sh SOURCE_FOLDER GENERATED_FOLDER
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
desktop=$1/packaging/desktop
metainfo=$2/llamahome.metainfo.xml

need desktop-file-validate desktop-file-utils
need appstreamcli appstream
need update-mime-database shared-mime-info

said=$(desktop-file-validate "$desktop/llamahome.desktop" 2>&1 || true)
[[ -z $said ]] || fail "llamahome.desktop: $said"
appstreamcli validate --no-net "$metainfo"

# A file that begins as GGUF files do is one, whatever it is called; and a name is enough too.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/mime/packages"
cp "$desktop/llamahome-mime.xml" "$folder/mime/packages/llamahome.xml"
said=$(update-mime-database "$folder/mime" 2>&1) || fail "llamahome-mime.xml: $said"
grep -q '^application/x-gguf:\*\.gguf$' "$folder/mime/globs" || fail "no kind for *.gguf"
grep -aq '>0=' "$folder/mime/magic" || fail "no kind for files that begin with GGUF"

grep -q '^MimeType=application/x-gguf;$' "$desktop/llamahome.desktop" || fail "desktop file: opens no .gguf"
grep -q '<mediatype>application/x-gguf</mediatype>' "$metainfo" || fail "the metainfo opens no .gguf"
grep -q '<launchable type="desktop-id">llamahome.desktop</launchable>' "$metainfo" || fail "no launchable"
[[ $(sed -n 's/^Comment=//p' "$desktop/llamahome.desktop") == \
    $(sed -n 's/.*<summary>\(.*\)<\/summary>.*/\1/p' "$metainfo") ]] || fail "comment and summary differ"
icon=$(sed -n 's/^Icon=//p' "$desktop/llamahome.desktop")
[[ -s $1/resources/icons/$icon.svg ]] || fail "resources/icons/$icon.svg is missing"
[[ -s $desktop/$icon-symbolic.svg ]] || fail "packaging/desktop/$icon-symbolic.svg is missing"
