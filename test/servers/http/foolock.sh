# The functions that clients of foolock source into their shell, by the names and with the requests recorded of them: nothing is
# encoded, the answer is printed, only the status 200 is success, and `status` always succeeds.
: "${FOOLOCK_SERVER:=http://localhost:8080}" "${FOOLOCK_JOB:=default}"

# The name and the hardware of a Mac; elsewhere there is no system_profiler, and the id is `-`.
client_id() {
  local name uuid
  name=$(system_profiler SPSoftwareDataType 2>/dev/null | sed -n 's/^ *Computer Name: //p' | tr -cd 'A-Za-z0-9+._-')
  uuid=$(system_profiler SPHardwareDataType 2>/dev/null | sed -n 's/^ *Hardware UUID: //p')
  printf '%s-%s' "$name" "$uuid"
}

foolock_ask() {
  local answer
  answer=$(curl -s -w '%{http_code}' -X "$1" "$FOOLOCK_SERVER/lock?$2")
  printf '%s\n' "${answer%$'\n'*}"
  [[ ${answer##*$'\n'} == 200 ]]
}

acquire() { foolock_ask POST "client=$(client_id)&job=${1:-$FOOLOCK_JOB}&ttl=${2:-30s}"; }
release() { foolock_ask DELETE "client=$(client_id)&job=${1:-$FOOLOCK_JOB}"; }
status() { foolock_ask GET "job=${1:-$FOOLOCK_JOB}" || true; }
