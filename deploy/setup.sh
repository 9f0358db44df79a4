#!/usr/bin/env bash
# Installs what is missing to build and run qidan on Debian 12, and says what it does. Safe to run again at any time.
#
#   deploy/setup.sh demo    enough to build and run (the default)
#   deploy/setup.sh test    and what the tests need: MariaDB, a browser, Chinese fonts
#
# Rust (rustup, with rustfmt and clippy) and Node 20 or newer must be there; everything else comes from apt.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."

say() {
    echo "setup: $*"
}

die() {
    echo "setup: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root for: $*. Run it as root, or install sudo"
    fi
}

need_toolchains() {
    command -v cargo >/dev/null || die "cargo is missing: install Rust with rustup"
    command -v npm >/dev/null || die "node and npm are missing: install Node 20 or newer"
    [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -ge 20 ] || die "Node $(node -v) is too old: install 20 or newer"
    [ "$what" != test ] || cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    [ "$what" != test ] || cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
}

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
    local package
    local -a missing=()
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this is no Debian: install by hand what these packages contain: ${missing[*]}"
    say "installing with apt: ${missing[*]}"
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
        apt-get -qq --yes --no-install-recommends -o Dpkg::Use-Pty=0 install "${missing[@]}" >/dev/null
}

# `npm ci` takes half a minute, so a stamp remembers for which lock file it was done.
install_modules() {
    local folder=$1 stamp=$1/node_modules/.installed-for lock
    lock=$(sha256sum <"$folder/package-lock.json")
    [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ] || return 0
    say "npm ci in $folder"
    npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund --loglevel=error
    echo "$lock" >"$stamp"
}

what=${1:-demo}
case $what in
demo | test) ;;
*) die "usage: deploy/setup.sh [demo|test]" ;;
esac

need_toolchains
install_packages gcc libc6-dev pkg-config libmariadb-dev libmariadb3 ca-certificates
install_modules web
if [ "$what" = test ]; then
    # Of MariaDB only the programs: the package with the service in it would start a server and keep it running.
    install_packages mariadb-server-core mariadb-client-core chromium fonts-noto-cjk curl
    install_modules tests/browser
fi
say "all there for $what"
