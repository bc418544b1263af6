#!/bin/sh
# Sets vibenv up on this machine and shows it.
# usage: sh try.sh                         set all up, then run the main commands
#        sh try.sh --shell [nu arguments]  the Nushell that was set up, with vibenv at hand
#        sh try.sh --down                  take away what was made, and nothing else
set -eu
cd "$(dirname "$0")"
root=$PWD
here=$root/.try # Nushell's folders, what was there before, and the Docker engine's files when it is started here
engine_data=${VIBENV_ENGINE_DATA:-/var/lib/vibenv} # images and containers of a Docker engine that is started here
. tests/stack/steps.sh
export PATH="$PATH:/usr/sbin:/sbin"

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# with_settings COMMAND...: with the folders of Nushell and Dagger in $here, so that the user's stay as they are, and told
# where packages come from on this machine, for builds in containers.
with_settings() {
    env XDG_CONFIG_HOME="$here/config" XDG_DATA_HOME="$here/data" XDG_STATE_HOME="$here/state" \
        ${SSL_CERT_FILE:+VIBENV_CA_BUNDLE="${VIBENV_CA_BUNDLE:-$SSL_CERT_FILE}"} \
        ${PIP_INDEX_URL:+VIBENV_PIP_INDEX_URL="${VIBENV_PIP_INDEX_URL:-$PIP_INDEX_URL}"} "$@"
}

trial() {
    "$root/.venv/bin/python" -m tests.stack.trial "$1" "$here"
}

# usable_nu: the path of the nu in PATH when it is new enough.
usable_nu() {
    found=$(command -v nu) || return 1
    [ "$(printf '0.114.0\n%s\n' "$("$found" --version)" | sort -V | head -n 1)" = 0.114.0 ] && echo "$found"
}

# local_engine: whether vibenv would ask this machine's own socket.
local_engine() {
    [ -z "${VIBENV_HOST:-}${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] &&
        ! grep -qs '"currentContext"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json"
}

set_up() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail 'vibenv needs Python 3.11 or newer as python3.'
    mkdir -p "$here"
    [ -d .venv ] || touch "$here/made-venv"
    [ -e "$here/before.json" ] || announce

    packages=
    python3 -c 'import ensurepip, venv' 2>/dev/null || packages=$(missing python3-venv)
    usable_nu >/dev/null || command -v npm >/dev/null || packages="$packages npm"
    packages_step "$packages"
    step 'Python packages, into .venv' 'see that pip can reach its index, then run this again' make_venv ''
    have_engine
    have_nushell
    have_images
}

announce() {
    cat <<TEXT
This sets up vibenv for a try:
  $root/.venv   Python packages
  $here    folders of a Nushell of its own; yours stays as it is
  $logs   the logs; beside it what is built or fetched, kept for the next time
  Docker: the engine that answers, else Debian's docker.io is installed and started
  on the engine: a registry, a Dagger engine, the launcher image, and a session named my-task
\`sh try.sh --down\` takes it away again.

TEXT
}

packages_step() {
    # shellcheck disable=SC2086 # a list of names
    set -- $1
    [ $# -eq 0 ] || step "Debian packages: $*" 'see that apt-get works here, then run this again' install_packages "$@"
}

have_engine() {
    status=0
    said=$(trial answers 2>&1) || status=$?
    [ $status -ne 0 ] || return 0
    if [ $status -ne 3 ] || ! local_engine; then fail "$said"; fi
    # shellcheck disable=SC2046 # a list of names
    packages_step "$(missing docker.io iptables jq)"
    step 'Docker engine started' "see $here/dockerd.log" start_engine
}

start_engine() {
    if [ -d /run/systemd/system ]; then
        as_root systemctl enable --now docker
    else
        runtime=
        # Bit 24 of the capabilities is CAP_SYS_RESOURCE.
        if [ $((0x$(as_root sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status) >> 24 & 1)) -eq 0 ]; then
            runtime=', "default-runtime": "adapted", "runtimes": {"adapted": {"path": "'$root'/tests/stack/runc-adapted"}}'
        fi
        cat >"$here/dockerd.json" <<JSON
{"data-root": "$engine_data/docker", "pidfile": "$here/dockerd.pid", "live-restore": true, "group": "$(id -gn)"$runtime}
JSON
        as_root setsid --fork dockerd --config-file "$here/dockerd.json" </dev/null >"$here/dockerd.log" 2>&1
    fi
    tries=120
    until trial answers; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.5
    done
}

have_nushell() {
    if ! [ -x "$here/nu" ]; then
        # shellcheck disable=SC2016 # for the inner shell
        usable_nu >"$here/nu-path" ||
            step 'Nushell' 'see that npm can reach its registry, then run this again' \
                sh -c 'python3 -m tests.stack nu >"$1"' sh "$here/nu-path"
        ln -sf "$(cat "$here/nu-path")" "$here/nu"
    fi
    mkdir -p "$here/config" "$here/data"
    step 'Plugin registered' 'see the log' with_settings "$root/.venv/bin/python" -m nu_plugin_vibenv install --nu "$here/nu"
}

have_images() {
    step 'Images' 'see that Docker can pull images here, or name others: VIBENV_BASE_IMAGE, …' trial images
    [ -s "$here/to-build" ] || return 0
    {
        read -r reason
        read -r socket
        read -r names
    } <"$here/to-build"
    printf '        Official images cannot be pulled here: %s\n' "$reason"
    echo '        The same names are built from packages instead: minutes, once on this machine.'
    packages_step "$(missing jq mmdebstrap)"
    # shellcheck disable=SC2086 # a list of names
    step 'Images built' 'see the log; what was made so far is kept' \
        as_root env PATH="$PATH" ${XDG_CACHE_HOME:+XDG_CACHE_HOME="$XDG_CACHE_HOME"} \
        python3 -m tests.stack load "$socket" $names
}

show() {
    printf '\n> %s\n' "$1"
    with_settings "$here/nu" -c "use vibenv; $1" || fail "That failed. What to do is said above; then run this again: sh try.sh"
}

main() {
    set_up
    show 'vibenv up'
    show 'vibenv create launcher'
    case $(with_settings "$here/nu" -c 'use vibenv; vibenv list | where name == my-task | length') in
    0) show 'vibenv launch my-task' ;;
    esac
    show 'vibenv list'
    cat <<'TEXT'

What to type next:
  sh try.sh --shell                opens Nushell; in it:
    vibenv attach my-task            the session's terminal; ctrl-\ leaves it running
    vibenv launch other --command bash
    vibenv list | where state == running
    vibenv doctor
  sh try.sh --down                 takes all of this away
TEXT
}

down() {
    [ -d "$here" ] || {
        echo 'There is nothing to take away.'
        return
    }
    if [ -e "$here/dockerd.json" ] && ! trial answers 2>/dev/null; then
        step 'Docker engine started, to take its containers away' "see $here/dockerd.log" start_engine
    fi
    if [ -e "$here/before.json" ]; then trial down; fi
    if [ -e "$here/dockerd.json" ]; then stop_engine; fi
    if [ -e "$here/made-venv" ]; then rm -rf .venv; fi
    rm -rf "$here"
    echo "removed $here; Debian packages and what was built in ${logs%/log} stay"
}

stop_engine() {
    left=$(docker ps -aq | wc -l)
    [ "$left" -eq 0 ] || fail "The Docker engine that was started here still has $left containers (docker ps -a): remove them, then run this again."
    if [ -e "$here/dockerd.pid" ]; then
        as_root kill "$(cat "$here/dockerd.pid")" 2>/dev/null || :
        tries=150
        while [ -e "$here/dockerd.pid" ]; do # dockerd removes it when it ends
            tries=$((tries - 1))
            [ $tries -gt 0 ] || fail "The Docker engine does not end; the log: $here/dockerd.log"
            sleep 0.2
        done
    fi
    as_root rm -rf "$engine_data/docker"
    as_root rmdir "$engine_data" 2>/dev/null || :
    echo 'stopped the Docker engine and removed its data'
}

trap stop_painting EXIT
trap 'exit 130' INT TERM
case ${1:-} in
'') main ;;
--shell)
    shift
    [ -x "$here/nu" ] && [ -d "$here/data" ] || fail 'Nothing is set up yet: sh try.sh'
    with_settings "$here/nu" "$@"
    ;;
--down) down ;;
*)
    sed -n 's/^# \(usage:.*\|       sh.*\)/\1/p' "$0" >&2
    exit 2
    ;;
esac
