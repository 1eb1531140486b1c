# The functions that clients of foolock source into their shell, as its documentation describes them: nothing is encoded, the answer
# is printed, and only the status 200 is success.
: "${FOOLOCK_SERVER:=http://localhost:8080}" "${FOOLOCK_JOB:=default}"

foolock_ask() {
  local answer
  answer=$(curl -s -w '%{http_code}' -X "$1" "$FOOLOCK_SERVER/lock?$2")
  printf '%s\n' "${answer%$'\n'*}"
  [[ ${answer##*$'\n'} == 200 ]]
}

foolock_acquire() { foolock_ask POST "client=$FOOLOCK_CLIENT&job=${1:-$FOOLOCK_JOB}&ttl=${2:-30s}"; }
foolock_release() { foolock_ask DELETE "client=$FOOLOCK_CLIENT&job=${1:-$FOOLOCK_JOB}"; }
foolock_status() { foolock_ask GET "job=${1:-$FOOLOCK_JOB}" || true; }
