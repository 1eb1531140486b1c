#!/bin/sh
# Installs the Debian packages named, without letting them start any daemon. Needs root.
set -eu
# One at a time: tests run side by side, and so may whole runs.
mkdir -p /run/lock
exec 9>/run/lock/vfs-lockfile-packages
flock 9
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" 9>&-
}
install "$@" || {
  apt-get update -q -o DPkg::Lock::Timeout=300 9>&-
  install "$@"
}
