#!/usr/bin/env bash
# Runs a job of Insight on Spark: on this machine, or on a standalone, YARN or Kubernetes cluster.
#
#   ./spark-submit.sh [spark-submit options] jobs/<job>.py [job arguments]
#
#   ./spark-submit.sh jobs/nightly.py --date 2017-11-30
#   ./spark-submit.sh --driver-memory 6g jobs/score.py --date 2017-11-30
#   INSIGHT_MASTER=yarn ./spark-submit.sh jobs/nightly.py --date 2017-11-30 --profile cluster
#
# The master is --master, or else INSIGHT_MASTER, or else local[*]. It chooses the properties:
# conf/spark/common.conf, then over it local.conf, standalone.conf, yarn.conf or kubernetes.conf,
# then --properties-file, then --conf.
#
# On a cluster the driver runs here (client mode), the executors unpack the environment that
# `make package` has built, and insight/ is shipped as it is in this folder.
#
# Exit code: the job's own. 0 done; 1 failed, may be retried; 2 failed, a retry cannot help.

# From here on: how it is done.
set -euo pipefail

root="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
readonly root environment="$root/.dist/environment.tar.gz" code="$root/.dist/insight.zip"

refuse() { printf '%s\n' "$*" >&2; exit 2; }

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$root/spark-submit.sh"; }

# --- Options before the job. -----------------------------------------------------------------

master="${INSIGHT_MASTER:-local[*]}"
site_properties=()
options=()
jars=("$root"/.jars/*.jar)
py_files=()
files=()
archives=()
while (($#)); do
  # spark-submit takes --name=value as well as --name value.
  if [[ $1 == --*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; fi
  case "$1" in
    -h | --help) usage; exit ;;
    -v | --verbose | --supervise) options+=("$1"); shift; continue ;;
    -*) (($# > 1)) || refuse "$1 needs a value; see ./spark-submit.sh --help." ;;
    *) break ;;
  esac
  case "$1" in
    --master) master="$2" ;;
    --properties-file) site_properties+=("$2") ;;
    # Given twice, the last would win at Spark: join them to ours instead.
    --jars) jars+=("$2") ;;
    --py-files) py_files+=("$2") ;;
    --files) files+=("$2") ;;
    --archives) archives+=("$2") ;;
    --deploy-mode)
      [[ $2 == client ]] || refuse "Insight runs in client mode, where the job's exit code" \
        "reaches its caller; leave --deploy-mode $2 out." ;;
    *) options+=("$1" "$2") ;;
  esac
  shift 2
done
(($#)) || refuse "No job given; see ./spark-submit.sh --help."
[[ -f $1 ]] || refuse "The job $1 does not exist; the jobs are $(cd "$root" && echo jobs/*.py)."

# --- What the master needs. ------------------------------------------------------------------

[[ -x $root/.venv/bin/python && -d $root/.jars ]] \
  || refuse "Insight is not set up yet: run \`make env\` in $root."

case "$master" in
  local*) kind=local ;;
  spark://*) kind=standalone ;;
  yarn) kind=yarn ;;
  k8s://*) kind=kubernetes ;;
  *) refuse "The master $master is unknown: expected local[*], spark://…, yarn or k8s://…." ;;
esac

# Properties become --conf, not a merged --properties-file: so nothing is left to clean up, the
# script can hand its process over to Spark, and a scheduler's SIGTERM reaches the driver.
properties=()
read_properties() {
  [[ -f $1 ]] || refuse "The properties file $1 does not exist."
  local key value
  while read -r key value || [[ -n $key ]]; do
    [[ -z $key || $key == \#* ]] && continue
    properties+=(--conf "$key=$value")
    case "$key" in
      spark.executorEnv.*) export "${key#spark.executorEnv.}=$value" ;;
    esac
  done <"$1"
}
for file in "$root/conf/spark/common.conf" "$root/conf/spark/$kind.conf" "${site_properties[@]}"; do
  read_properties "$file"
done

python=(--conf "spark.pyspark.driver.python=$root/.venv/bin/python")
if [[ $kind == local ]]; then
  export SPARK_LOCAL_IP=127.0.0.1
  python+=(--conf "spark.pyspark.python=$root/.venv/bin/python")
else
  [[ -f $environment ]] \
    || refuse "A cluster needs the packed environment: run \`make package\` in $root."
  # Made at every start: it is small, and must be the code of this very run.
  (cd "$root" && .venv/bin/python -m zipfile -c "$code.$$" insight && mv "$code.$$" "$code")
  python+=(--conf "spark.pyspark.python=./environment/bin/python")
  archives+=("$environment#environment")
  # As a file, not by --py-files: those come first on the path of the driver, too, which would
  # then look for conf/ inside of the archive.
  files+=("$code")
  properties+=(--conf "spark.executorEnv.PYTHONPATH=insight.zip")
fi

joined() { local IFS=,; printf '%s' "$*"; }
shipped=(--jars "$(joined "${jars[@]}")")
((${#archives[@]})) && shipped+=(--archives "$(joined "${archives[@]}")")
((${#py_files[@]})) && shipped+=(--py-files "$(joined "${py_files[@]}")")
((${#files[@]})) && shipped+=(--files "$(joined "${files[@]}")")

# --- Spark. ----------------------------------------------------------------------------------

# Always the Spark that is locked in .venv, whatever the caller's environment points to.
export SPARK_HOME="$root/.venv/lib/python3.11/site-packages/pyspark"
# log4j2.properties is found here; a site that has a folder of its own keeps it.
export SPARK_CONF_DIR="${SPARK_CONF_DIR:-$root/conf/spark}"
unset PYSPARK_PYTHON PYSPARK_DRIVER_PYTHON PYSPARK_SUBMIT_ARGS

exec "$SPARK_HOME/bin/spark-submit" --master "$master" \
  "${shipped[@]}" "${properties[@]}" "${python[@]}" "${options[@]}" "$@"
