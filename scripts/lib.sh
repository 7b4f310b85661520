# Shared steps of scripts/run, test and check: sourced by them, after `set -euo pipefail`.
# Each step compares a stamp first and does nothing (no network, no write) if its inputs have not changed.

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV CDPATH
export NODE_USE_SYSTEM_CA=${NODE_USE_SYSTEM_CA:-1} npm_config_update_notifier=false PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf '\033[2m·\033[0m %s\n' "$*" >&2; }
die() { printf '\033[31m✗\033[0m %s\n' "$*" >&2; exit 1; }
[ -t 2 ] && [ -z "${NO_COLOR:-}" ] || { say() { printf '· %s\n' "$*" >&2; }; die() { printf '✗ %s\n' "$*" >&2; exit 1; }; }

# Where build results go: into the project, or into the cache of a user who may only read the project.
place=$project
if [ ! -w "$project" ]; then
  place=${XDG_CACHE_HOME:-${HOME:-/tmp/quito-dispatch-$(id -u)}/.cache}/quito-dispatch/$(printf %s "$project" | cksum | cut -d' ' -f1)
  [ -d "$place" ] || mkdir -p "$place" || die "$project can't be written by $(id -un), and $place can't be created; set HOME to a folder that can be written"
  export PYTHONPYCACHEPREFIX=$place/pycache
fi
venv=$place/.venv
python=$venv/bin/python
console=$project/dispatch/console

hash_of() { sha256sum "$@" | sha256sum | cut -c1-64; }
stamped() { [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; }

asks_for_help() {
  local given
  for given in "$@"; do case $given in --) return 1 ;; --help | -h) return 0 ;; esac; done
  return 1
}

# Prints the comment at the head of the called script: help that needs no installed package.
print_head() { awk 'NR == 1 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"; }

# help_of_the_head ARGUMENTS...: if help is asked for, prints the head of the script and exits.
help_of_the_head() { if asks_for_help "$@"; then print_head; exit; fi; }

may_install() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# install_package NAME-FOR-APT NAME-FOR-DNF NAME-FOR-APK: with the system's package manager, if we have the rights.
install_package() {
  may_install || return 1
  if command -v apt-get >/dev/null; then
    as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1"
  elif command -v dnf >/dev/null; then as_root dnf install -y -q "$2"
  elif command -v apk >/dev/null; then as_root apk add -q "$3"
  else return 1; fi >/dev/null </dev/null
}

# --- Python -------------------------------------------------------------------------------------------------------

find_python() {
  local candidate
  for candidate in ${DISPATCH_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"; return
    fi
  done
  die "no Python 3.11 or newer found (python3: $(python3 --version 2>/dev/null || echo none)); install one, or set DISPATCH_PYTHON=/path/to/python3 $0"
}

make_venv() {
  local base version
  base=$(find_python); version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  say "creating .venv with $base (Python $version)"
  rm -f "$venv"/.stamp-*
  if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
    if command -v uv >/dev/null; then uv venv -q --seed --allow-existing --python "$base" "$venv"; return; fi
    say "this Python has no venv and pip; installing their package"
    install_package "python$version-venv" python3-pip py3-pip ||
      die "$base can't make virtual environments. Install its venv package once (Debian and Ubuntu: apt install python$version-venv), then run this again"
  fi
  "$base" -m venv --clear "$venv" || die "$base could not create $venv"
}

# install LOCK WHAT: installs the pinned packages of a lock file, checked by hash.
install() {
  local lock=$project/$1 stamp=$venv/.stamp-$1 want
  want="$(hash_of "$lock") $project"
  stamped "$stamp" "$want" && return
  say "installing $2 ($(grep -c '^[a-z0-9]' "$lock") pinned packages; needs the network, only if they changed)"
  "$python" -m pip install --quiet --quiet --require-hashes -r "$lock" >&2 || die "$2 could not be installed from $1; see pip's message above"
  printf %s "$want" >"$stamp"
}

ensure_python() {
  if [ ! -x "$python" ] || ! stamped "$venv/.stamp-place" "$project"; then
    make_venv
    # Makes the project importable from any working folder.
    printf '%s\n' "$project" >"$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/quito-dispatch.pth"
    printf %s "$project" >"$venv/.stamp-place"
  fi
  install requirements.lock "the packages of the service"
}

# --- The console --------------------------------------------------------------------------------------------------

machine_node_will_do() {
  command -v node >/dev/null && npm --version >/dev/null 2>&1 &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a === 20 && b >= 19 || a === 22 && b >= 12 || a > 22 ? 0 : 1)' 2>/dev/null
}

use_wheel_node() {
  install requirements-node.lock "Node.js, from its wheel"
  export PATH=$venv/bin:$PATH
}

choose_node() {
  machine_node_will_do && return
  if command -v node >/dev/null; then say "this machine's Node.js can't build the console, which needs another version (20.19+, 22.12+): $(node --version 2>&1)"; fi
  use_wheel_node
}

console_sources() { (cd "$console" && find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }

# Where the console is built: in place, or in a copy when the project can only be read.
console_workshop() {
  [ "$place" = "$project" ] && { workshop=$console; return; }
  workshop=$place/console; mkdir -p "$workshop"
  (cd "$console" && tar -cf - --exclude ./node_modules --exclude ./dist .) | tar -xf - -C "$workshop"
}

ensure_node_modules() {
  local want; want=$(hash_of "$workshop/package-lock.json")
  stamped "$workshop/node_modules/.stamp-lock" "$want" && return
  say "installing the packages for building the console"
  [ -n "${HOME:-}" ] && [ -w "$HOME" ] || export npm_config_cache=$place/.venv/npm-cache
  npm ci --prefix "$workshop" --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || return 1
  printf %s "$want" >"$workshop/node_modules/.stamp-lock"
}

build_console() {
  local said
  ensure_node_modules || return 1
  said=$(npm run --silent --prefix "$workshop" build 2>&1) || { printf '%s\n' "$said" >&2; return 1; }
}

ensure_console() {
  local want dist=$console/dist
  [ "$place" = "$project" ] || stamped "$dist/.sources" "$(console_sources | sha256sum | cut -c1-64)" || dist=$place/console/dist
  [ "$dist" = "$console/dist" ] || export DISPATCH_CONSOLE=${DISPATCH_CONSOLE:-$dist}
  want=$(console_sources | sha256sum | cut -c1-64)
  stamped "$dist/.sources" "$want" && return
  console_workshop; choose_node
  say "building the console with Node.js $(node --version)"
  if ! build_console; then
    [ "$(command -v node)" != "$venv/bin/node" ] || die "the console could not be built; see the messages above"
    say "the build failed with this machine's Node.js; trying the one from the wheel"
    rm -rf "$workshop/node_modules"; use_wheel_node; hash -r
    build_console || die "the console could not be built; see the messages above"
  fi
  printf %s "$want" >"$dist/.sources"
}

# Runs an npm script of the console, for tests and checks; installs its packages if the build has not.
console_npm() {
  console_workshop; choose_node
  ensure_node_modules && npm run --silent --prefix "$workshop" "$@" </dev/null
}

# --- A browser for the tests --------------------------------------------------------------------------------------

find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then command -v "$name"; return; fi
  done
  return 1
}

# Sets DISPATCH_CHROMIUM for the browser tests; if there is none they fail with a message (DISPATCH_SKIP_BROWSER=1 skips them).
ensure_chromium() {
  [ -z "${DISPATCH_CHROMIUM:-}${DISPATCH_SKIP_BROWSER:-}" ] || return 0
  if ! DISPATCH_CHROMIUM=$(find_chromium); then
    say "installing Chromium for the browser tests"
    install_package chromium chromium chromium || true
    DISPATCH_CHROMIUM=$(find_chromium) || "$python" -m playwright install chromium >&2 || say "no Chromium could be installed; the browser tests will fail"
  fi
  export DISPATCH_CHROMIUM
}

# Only one process at a time changes the virtual environment and the console.
one_at_a_time() {
  command -v flock >/dev/null || return 0
  exec 9<"$project/scripts/lib.sh"
  flock -n 9 || { say "waiting for another setup of this project to finish"; flock 9; }
}

# --- Our own modules, as scripts ----------------------------------------------------------------------------------

# run_module [--dev] MODULE ARGUMENTS...: runs a module in the caller's working folder with the service's packages; with --dev also
# those of requirements-dev.lock. --help installs nothing: it works without the dev packages, and before the first scripts/run it
# prints the head of the script.
run_module() {
  local dev=
  [ "$1" != --dev ] || { dev=1; shift; }
  if asks_for_help "${@:2}"; then
    stamped "$venv/.stamp-requirements.lock" "$(hash_of "$project/requirements.lock") $project" || { print_head; exit; }
  else
    one_at_a_time
    ensure_python
    [ -z "$dev" ] || install requirements-dev.lock "the packages of scripts/$(basename "$0")"
    exec 9>&-
  fi
  PYTHONPATH=$project exec "$python" -P -m "$@"
}
