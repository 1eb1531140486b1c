#!/bin/sh
# Installs the Debian packages named, without letting them start any daemon. Needs root.
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -q --no-install-recommends "$@" || {
  apt-get update -q
  apt-get install -y -q --no-install-recommends "$@"
}
