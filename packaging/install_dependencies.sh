#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those. As root, or as a user with sudo.
# usage: install_dependencies.sh [--tests]    --tests adds what the test script needs
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

packages=(
    ca-certificates cmake g++ ninja-build ccache mold python3 python3-pip unzip
    qt6-base-dev qt6-charts-dev qt6-svg-dev libqt6opengl6-dev libgl-dev
    libyaml-cpp-dev libspdlog-dev libcli11-dev nlohmann-json3-dev qtkeychain-qt6-dev libpcre2-dev libssl-dev
    zlib1g-dev libutf8proc-dev
)
test_packages=(
    xvfb clang python3-venv dbus gnome-keyring locales desktop-file-utils appstream shared-mime-info man-db
)

case ${1:-} in
"") ;;
--tests) packages+=("${test_packages[@]}") ;;
*) die "unknown option $1; usage: install_dependencies.sh [--tests]" ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    die "this is no Debian or Ubuntu (no apt-get); install what these packages hold: ${packages[*]}"
fi

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

missing=()
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    say "all ${#packages[@]} packages are installed already"
    exit 0
fi
say "installing ${#missing[@]} of ${#packages[@]} packages: ${missing[*]}"

as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || die "not root and no sudo; as root run: apt-get install ${missing[*]}"
    as_root=(sudo)
    # Without a terminal nobody can type a password; say so instead of waiting.
    if [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; then
        die "sudo wants a password and there is no terminal; as root run: apt-get install ${missing[*]}"
    fi
fi

"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
say "installed"
