#!/bin/sh
# Installs what tests/debian-packages.txt lists and this computer lacks. Without root, or on another system than
# Debian, it changes nothing, says what will be skipped, and succeeds: tests that lack a program are skipped.
# usage: tests/install-debian-packages.sh
set -eu
list="$(dirname "$0")/debian-packages.txt"

installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

skipped() {
    echo "Skipped will be the tests that need: $missing" >&2
    echo "$1" >&2
    exit 0
}

wanted="$(sed 's/#.*//' "$list")"
missing=""
for package in $wanted; do
    command -v dpkg-query >/dev/null && installed "$package" || missing="$missing $package"
done
missing="${missing# }"
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || skipped "This is not Debian; install the like of them by hand."
[ "$(id -u)" = 0 ] || skipped "To run them too: sudo $0"

export DEBIAN_FRONTEND=noninteractive
echo "Installing for the tests: $missing" >&2
# shellcheck disable=SC2086  # a word a package
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >&2; then
    skipped "They could not be installed; the reason stands above."
fi
