import type { CommandName } from './commands.js';

/** What a person or a script calls, for the help and the manual page. */
export const EXAMPLES: Readonly<Record<CommandName, readonly string[]>> = {
  run: [
    'vfs-lockfile run inbox/data.csv -- ./import.sh inbox/data.csv',
    'vfs-lockfile run --named nightly --wait 10m --max-hold 2h -- make report',
    'vfs-lockfile run s3://bucket/jobs/report -E 0 -- ./report.sh',
    'vfs-lockfile run inbox/data.csv --log run.jsonl --progress -- ./import.sh',
  ],
  acquire: [
    'id=$(vfs-lockfile acquire inbox/data.csv --wait 1m) || exit',
    'vfs-lockfile acquire sftp://me@host/inbox/data.csv --pid none --ttl 10m',
    'read -r id token < <(vfs-lockfile acquire inbox/data.csv --fencing)',
  ],
  renew: [
    'vfs-lockfile renew inbox/data.csv --id "$id" || exit',
    'vfs-lockfile renew inbox/data.csv --id "$id" --progress "$i of 40"',
  ],
  release: ['vfs-lockfile release inbox/data.csv --id "$id"'],
  hold: ["vfs-lockfile hold --named nightly --for 2h --reason 'the database is moved'"],
  status: [
    'vfs-lockfile status inbox/data.csv',
    'vfs-lockfile status inbox/*.csv --json | jq -r .state',
    'vfs-lockfile status inbox/data.csv -q && echo nobody holds it',
  ],
  ls: [
    'vfs-lockfile ls inbox --recursive --sort age --older-than 1h',
    'vfs-lockfile ls inbox s3://bucket/jobs --state stale,unreadable',
    'vfs-lockfile ls inbox --watch',
    'vfs-lockfile ls inbox --format prometheus >locks.prom',
  ],
  history: [
    'vfs-lockfile history inbox/data.csv',
    'vfs-lockfile history inbox --since 1d',
    'vfs-lockfile history inbox --prune 30d',
  ],
  sweep: ['vfs-lockfile sweep inbox --recursive --dry-run', 'vfs-lockfile sweep inbox --older-than 1d -q'],
  doctor: ['vfs-lockfile doctor inbox', 'vfs-lockfile doctor s3://bucket/jobs --json | jq .verdict'],
  unlock: ["vfs-lockfile unlock inbox/data.csv --expect 0123abcd --reason 'host is gone'"],
  serve: ['vfs-lockfile serve inbox', 'vfs-lockfile serve s3://bucket/jobs --listen 0.0.0.0:80 --token-file tokens'],
  completion: ['source <(vfs-lockfile completion bash)'],
};
