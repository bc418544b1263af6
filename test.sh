#!/bin/sh
# Sets up all that the tests need and runs them. Needs Debian 12 and root or sudo.
# usage: sh test.sh [pytest arguments]      such as -k attach, --engines 28, --without-engine
set -eu
cd "$(dirname "$0")"
root=$PWD
[ "$(id -u)" = 0 ] || exec sudo -H env PATH="$PATH" sh "$root/test.sh" "$@"
. tests/stack/steps.sh
export PATH="$PATH:/usr/sbin:/sbin"
checks=
# shellcheck disable=SC2329 # called by the trap
end() {
    stop_painting
    if [ -n "$checks" ]; then kill "$checks" 2>/dev/null || :; fi
}
trap end EXIT
trap 'exit 130' INT TERM

packages="ca-certificates docker.io dtach iproute2 iptables jq less mmdebstrap openssh-client openssh-server"
packages="$packages htop procps python3 python3-venv slirp4netns tmux util-linux vim"
command -v npm >/dev/null || packages="$packages npm"
# shellcheck disable=SC2086 # a list of names
packages=$(missing $packages)
if [ -n "$packages" ]; then
    # shellcheck disable=SC2086
    step "Debian packages: $packages" 'see that apt-get works here, then run this again' install_packages $packages
fi
step 'Python packages' 'see that pip can reach its index, then run this again' make_venv '[test]'

# The checks of the source run beside the making of the stack, which waits for the network most of the time.
check() {
    .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
}
mkdir -p "$logs"
check >"$logs/check.log" 2>&1 &
checks=$!
step 'Docker engines, Dagger, Nushell' 'see the log; what was made so far is kept' python3 -m tests.stack make
status=0
began=$(date +%s)
wait $checks || status=$?
checks=
printf '%4d s  ruff and mypy\n' $(($(date +%s) - began))
[ $status -eq 0 ] || cat "$logs/check.log"

# Three processes: one for the tests of each version of the engine, one for all others (tests/conftest.py).
.venv/bin/python -m pytest -n 3 "$@" || status=$?
exit $status
