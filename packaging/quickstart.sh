#!/usr/bin/env bash
# From a fresh clone to a fine-tuned model: packages, libtorch, build, starter model, some minutes of training
# on the CPU. A second run repeats nothing that is there. Asks nothing. LLAMAHOME_… variables hold.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
cd "$project_root"
trap print_times EXIT

program=$project_root/build/release/bin/llamahome
model=(smollm2 135m-instruct)
run=quickstart

# One field of the run's record; nothing where there is no such run.
run_field() {
    "$program" --json runs show "$run" 2>/dev/null | python3 -c '
import json, sys
print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1" 2>/dev/null || true
}

# After Ctrl-C the run can be continued; that is exit code 4 here too.
train() {
    local code=0
    "$program" "$@" || code=$?
    if ((code == 4)); then
        say "stopped; run this script again, it goes on from the last checkpoint"
    fi
    ((code == 0)) || exit "$code"
}

stage dependencies "missing Debian packages (1 to 5 minutes the first time)"
bash packaging/install_dependencies.sh

stage libtorch "headers and CPU libraries from the Python index (1 to 5 minutes the first time)"
bash packaging/fetch_libtorch.sh

stage build "the program (about 6 minutes on two cores the first time)"
cmake --preset release
cmake --build --preset release

stage model "the starter model SmolLM2-135M-Instruct (93 MB, a minute the first time)"
bash packaging/fetch_starter_model.sh "$program"

stage train "LoRA on 450 rows of GSM8K, preset quick_look (up to 5 minutes on two cores)"
case $(run_field state) in
finished) say "the run '$run' is finished already; not trained again" ;;
stopped | interrupted | failed) train resume "$run" ;;
running) die "the run '$run' is running in another process; wait for it" ;;
*) train train "${model[@]}" --data resources/samples/gsm8k_450.jsonl --preset quick_look --name "$run" ;;
esac

adapter=$(basename "$(run_field adapter)")
command=$(printf %q "$program")
say
say "Done. Go on in the window, or in the shell:"
say "  $command                  the window"
say "  $command chat ${model[*]} --adapter $adapter"
say "  $command runs show $run"
say "  $command train ${model[*]} --data YOUR_FILE.jsonl --preset quick_look"
say "  $command --help"
if [[ -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; then
    say
    say "Opening the window."
    setsid -f "$program" >/dev/null 2>&1 </dev/null
fi
