#!/bin/bash
# Lets llama.cpp read our GGUF files and answer beside us. By hand; needs g++, cmake, python3-venv and the
# network, builds for about five minutes the first time:
#   tests/peers/check_with_llama_cpp.sh PROGRAM ROOT FAMILY VERSION [ADAPTER]
# PROGRAM is llamahome, ROOT the data root that holds the model, ADAPTER a finished adapter of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${LLAMAHOME_PEER_VENV:-$here/../../build/peers/llama_cpp}
if ! "$venv/bin/python" -c 'import llama_cpp' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet llama-cpp-python==0.3.36
fi
exec "$venv/bin/python" "$here/check_with_llama_cpp.py" "$@"
