# shellcheck shell=sh
# Sourced by try.sh and test.sh: steps that say what they do, how long they took, and what to do when they fail.

root=${root:?the checkout}

logs=${XDG_CACHE_HOME:-$HOME/.cache}/vibenv/log
painter=

# step TITLE ADVICE COMMAND...: runs it with its output in a log; a failure ends the script.
step() {
    title=$1 advice=$2
    shift 2
    mkdir -p "$logs"
    log=$logs/$(printf %s "$title" | tr -c '[:alnum:]' -).log
    began=$(date +%s)
    if [ -t 2 ]; then
        paint "$title" "$log" &
        painter=$!
    fi
    status=0
    "$@" >"$log" 2>&1 || status=$?
    stop_painting
    if [ $status -ne 0 ]; then
        printf '%s failed. It said last:\n' "$title" >&2
        tail -n 8 "$log" | sed 's/^/    /' >&2
        printf 'The log: %s\nWhat to do: %s\n' "$log" "$advice" >&2
        exit 1
    fi
    printf '%4d s  %s\n' $(($(date +%s) - began)) "$title" >&2
}

# paint TITLE LOG: one line on the terminal, with the time so far and the end of the log's last line.
paint() {
    trap '' INT
    while sleep 0.5; do
        last=$(tail -n 1 "$2" 2>/dev/null | tr -cd '[:print:]' | cut -c 1-50)
        printf '\r\033[K%4d s  %s  %s' $(($(date +%s) - began)) "$1" "$last" >&2
    done
}

stop_painting() {
    if [ -n "$painter" ]; then
        kill "$painter" 2>/dev/null || :
        wait "$painter" 2>/dev/null || :
        painter=
        printf '\r\033[K' >&2
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -H "$@"; fi
}

# missing PACKAGE...: those of the Debian packages that are not installed.
missing() {
    for package; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
    done
}

# install_packages PACKAGE...: with no more than they need, and without starting any service of theirs.
install_packages() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod +x $policy
        added=yes
    fi
    status=0
    as_root apt-get -q update &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "$@" || status=$?
    if [ -n "${added:-}" ]; then as_root rm $policy; fi
    return $status
}

# make_venv EXTRA: the checkout's .venv with vibenv, editable, and EXTRA ('' or '[test]'); quick when it is up to date.
make_venv() {
    sum=$(cksum <"$root/pyproject.toml")
    stamp=$root/.venv/made-for
    case $(cat "$stamp" 2>/dev/null) in "[test] $sum" | "$1 $sum") return ;; esac
    { [ -x "$root/.venv/bin/python" ] || python3 -m venv "$root/.venv"; } &&
        "$root/.venv/bin/python" -m pip install --disable-pip-version-check -e "$root$1" &&
        printf '%s %s' "$1" "$sum" >"$stamp"
}
