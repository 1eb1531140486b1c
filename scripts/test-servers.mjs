// @ts-check
// test-servers.mjs [sftp] [s3] [gcs] [http] [sql] [consumers] [ARGUMENTS OF VITEST]: runs the tests on real servers, for `http` with
// real clients and a browser, and for `consumers` in Bun, Deno, Jest, bundlers, zsh and fish; on all or on those named. A server
// that is named must be there (npm run test:install); where none is named, the tests of what is missing are skipped.
import { spawnSync } from 'node:child_process';

const SERVERS = ['sftp', 's3', 'gcs', 'http', 'sql', 'consumers'];
const args = process.argv.slice(2);
const named = args.filter((arg) => SERVERS.includes(arg));
const projects = (named.length > 0 ? named : SERVERS).flatMap((name) => ['--project', name]);
const rest = args.filter((arg) => !SERVERS.includes(arg));
const env = { ...process.env, ...(named.length > 0 && { VFS_LOCKFILE_TEST_SERVERS: named.join(' ') }) };
const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...projects, ...rest];
process.exitCode = spawnSync(process.execPath, vitest, { stdio: 'inherit', env }).status ?? 1;
