#!/usr/bin/env bash
# once.sh FOLDER COMMAND...: fills FOLDER by COMMAND unless that was done, and came to its end, before. One at a time: tests
# run side by side, and so may whole runs.
set -euo pipefail
folder=$1
shift
mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
flock 9
[[ ! -e $folder/whole ]] || exit 0
rm -rf "$folder"
mkdir "$folder"
"$@" 9>&-
touch "$folder/whole"
