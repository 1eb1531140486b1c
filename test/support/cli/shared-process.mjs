// @ts-check
// shared-process.mjs MAIN: runs the command line, whose main file MAIN is, once for each message of the parent process, one call after the
// other, and answers with what the call printed and its exit code. Starting Node takes most of the time of a short command.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** @typedef {{ args: readonly string[], env: Readonly<Record<string, string>>, cwd: string }} Call */

const [node = '', , main = ''] = process.argv;
const printed = { stdout: '', stderr: '' };
let calls = 0;
/** @type {string | undefined} */
let pipes;

/** @param {'stdout' | 'stderr'} stream */
const collector =
  (stream) =>
  /** @param {unknown} text */
  (text) => {
    printed[stream] += String(text);
    return true;
  };
process.stdout.write = collector('stdout');
process.stderr.write = collector('stderr');

const { writeSync } = fs;
const written = { 1: collector('stdout'), 2: collector('stderr') };
fs.writeSync = /** @type {typeof writeSync} */ (
  /** @param {Parameters<typeof writeSync>} args */
  (...args) => {
    const [fd, text] = args;
    return fd === 1 || fd === 2 ? Number(written[fd](text)) : writeSync(...args);
  }
);
syncBuiltinESMExports();

// A call that failed ends its process a moment later; this process goes on.
process.exit = /** @type {typeof process.exit} */ (() => undefined);
const kill = process.kill.bind(process);
process.kill = (pid, signal) => (pid === process.pid && signal !== 0 ? true : kill(pid, signal));

/** Whether something would keep a process from ending, other than the pipes to the parent process. */
const isBusy = () => process.getActiveResourcesInfo().join() !== pipes;

const exitCode = () => Number(process.exitCode ?? 0);
// Whoever waits for the end of the process does so once for each call.
process.setMaxListeners(0);

/** @param {Call} call */
async function answer({ args, env, cwd }) {
  pipes ??= process
    .getActiveResourcesInfo()
    .filter((name) => name === 'PipeWrap')
    .join();
  process.argv = [node, main, ...args];
  process.env = { ...env };
  process.chdir(cwd);
  process.exitCode = undefined;
  Object.assign(printed, { stdout: '', stderr: '' });
  // Only the main file is evaluated anew.
  await import(`${pathToFileURL(main).href}?call=${(calls += 1)}`);
  // A process that something keeps alive would not end either, so that the call is not over.
  while (isBusy()) await sleep(1);
  for (const event of process.eventNames()) if (String(event).startsWith('SIG')) process.removeAllListeners(event);
  return { ...printed, code: exitCode() };
}

let last = Promise.resolve();
process.on('disconnect', () => kill(process.pid, 'SIGKILL'));
process.on('message', (/** @type {Call} */ call) => {
  last = last.then(async () => void process.send?.(await answer(call)));
});
