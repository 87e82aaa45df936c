#!/usr/bin/env bash
# Builds what Insight needs to run, from a bare clone:
#   .tools/  uv, at the version that wrote the locks
#   .venv/   the locked packages, Horovod compiled against the locked TensorFlow, and Insight
#   .jars/   Delta's jars, checked against conf/jars.sha256
# A second run finds its stamp and ends at once; an interrupted run leaves no stamp, so the
# next one starts over. Downloads and the compiled Horovod are kept in the user's cache.
#
# Settings: PYTHON (default python3.11), JAVA_HOME, XDG_CACHE_HOME.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

readonly python="${PYTHON:-python3.11}"
readonly java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
readonly stamp=.venv/insight.stamp
readonly kept_jars="${XDG_CACHE_HOME:-$HOME/.cache}/insight/jars"
readonly jar_sums="$PWD/conf/jars.sha256"
readonly ivy_jar=.venv/lib/python3.11/site-packages/pyspark/jars/ivy-2.5.3.jar

say() { printf '%s\n' "$*" >&2; }

# --- Tools: every missing one is named, before anything is installed. ------------------------
# Java is needed to run, the others only to build.

# Spark 3.5 is released for Java 8, 11 and 17; for 21 its support is preliminary, and from 24
# on Hadoop's login fails. Insight's own tests run on 17.
java_is_usable() {
  local version
  version="$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')" || return 1
  [[ $version == 11 || $version == 17 ]]
}

python_is_usable() {
  # Debian ships ensurepip apart from Python, and without it there is no venv. An executable
  # alone proves nothing: a version manager's shim may stand for a Python it has not got.
  "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null
}

check_tools() {
  local missing=0
  report() { say "Insight needs $1: $2."; missing=1; }
  java_is_usable || report "Java 17 (found: $(found "$java" -version))" \
    "install it (Debian: apt-get install openjdk-17-jre-headless) or point JAVA_HOME to it"
  if [[ ${1:-} == all ]]; then
    python_is_usable || report "Python 3.11 with venv (found: $(found "$python" --version))" \
      "install it (Debian: apt-get install python3.11 python3.11-venv) or point PYTHON to it"
    [[ $(uname -sm) == "Linux x86_64" ]] || report "Linux on x86_64 (found: $(uname -sm))" \
      "run it in a Linux container or virtual machine"
    for tool in g++ make; do
      command -v "$tool" >/dev/null || report "$tool, to compile Horovod" \
        "install it (Debian: apt-get install build-essential)"
    done
  fi
  return "$missing"
}

found() {
  command -v "$1" >/dev/null || { echo none; return; }
  "$@" 2>&1 | head -n 1 || true
}

# --- The three parts. ------------------------------------------------------------------------

build_tools() {
  local version
  version="$(sed -n 's/^uv==\([^ ]*\).*/uv \1/p' requirements-tools.lock)"
  [[ $(.tools/bin/uv --version 2>/dev/null) == "$version "* ]] && return
  "$python" -m venv --clear .tools
  .tools/bin/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements-tools.lock
}

build_environment() {
  local -x VIRTUAL_ENV="$PWD/.venv" PATH="$PWD/.venv/bin:$PATH"
  local uv=.tools/bin/uv built_for
  # What is installed is compiled here, once. Where PYTHONDONTWRITEBYTECODE is set, as in many
  # containers, or the folder cannot be written to, every rank and worker would compile
  # TensorFlow anew, which takes longer than the rest of its start.
  local -x UV_COMPILE_BYTECODE=1
  "$uv" venv --quiet --clear --python .tools/bin/python .venv
  # The lock is whole: with --no-deps nothing is resolved again. (Resolving takes longer than
  # installing, and makes uv build pyspark, a source distribution, anew each time.)
  # It also binds what source distributions are built with.
  "$uv" pip install --quiet --no-deps --require-hashes --build-constraints requirements.lock \
    -r requirements.lock

  say "Horovod: about five CPU-minutes to compile, the first time; then it comes from the cache."
  # uv keeps the wheel by name, version and config settings, but this one also depends on the
  # TensorFlow it was compiled against: name that, so that a new one compiles it anew.
  # setuptools ignores the setting itself.
  built_for="$(grep -oE '^tensorflow(-cpu)?==[^ ]+' requirements.lock)${HOROVOD_GPU_OPERATIONS:+ $HOROVOD_GPU_OPERATIONS}"
  HOROVOD_WITH_TENSORFLOW=1 HOROVOD_WITH_GLOO=1 HOROVOD_WITHOUT_MPI=1 \
    HOROVOD_WITHOUT_PYTORCH=1 HOROVOD_WITHOUT_MXNET=1 \
    "$uv" pip install --quiet --require-hashes --no-build-isolation --no-deps \
    --config-setting "insight-built-for=$built_for" \
    -r requirements-horovod.lock

  "$uv" pip install --quiet --no-deps --no-build-isolation --editable .
}

jars_are_right() { (cd "$1" 2>/dev/null && sha256sum --check --status "$jar_sums"); }

fetch_jars() {
  local fetched
  fetched="$(mktemp -d)"
  # Ivy is what `spark-submit --packages` uses; called by itself it resolves once, here, and
  # not at every start.
  if ! "$java" -jar "$ivy_jar" -warn -cache "$fetched/ivy" -confs default -types jar \
    -dependency io.delta delta-spark_2.12 3.3.2 \
    -retrieve "$fetched/[artifact]-[revision].[ext]" >"$fetched/log" 2>&1; then
    cat "$fetched/log" >&2
    say "Delta's jars cannot be fetched from Maven Central: open the way to it, or put the files" \
      "that conf/jars.sha256 names into $kept_jars."
    return 1
  fi
  if ! jars_are_right "$fetched"; then
    say "Delta's jars are not those of conf/jars.sha256, and are refused: found in $fetched."
    return 1
  fi
  mkdir -p "$kept_jars"
  while read -r _ name; do mv "$fetched/$name" "$kept_jars/"; done <"$jar_sums"
  rm -rf "$fetched"
}

build_jars() {
  jars_are_right "$kept_jars" || fetch_jars
  rm -rf .jars
  mkdir .jars
  while read -r _ name; do cp "$kept_jars/$name" .jars/; done <"$jar_sums"
}

# --- What the stamp stands for: the locks, this script, and where it all lies. ----------------

fingerprint() {
  {
    printf '%s\n' "$PWD"
    cat requirements*.lock pyproject.toml setup.py "$jar_sums" scripts/environment.sh
  } | sha256sum
}

is_built() {
  [[ -f $stamp && $(<"$stamp") == "$(fingerprint)" ]] && jars_are_right .jars
}

build() {
  rm -f "$stamp"
  build_tools
  build_environment
  build_jars
  fingerprint >"$stamp"
}

main() {
  if is_built; then
    check_tools || exit 2
  else
    check_tools all || exit 2
    # One set-up at a time: a second one waits here, and then finds the work done.
    exec 9<requirements.lock
    flock 9
    is_built || build
  fi
  say "Set-up took $SECONDS s."
}

main
