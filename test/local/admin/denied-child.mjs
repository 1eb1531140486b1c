// @ts-check
/** What an operator sees who may not see everything: `denied-child.mjs <folder>`. Prints one line of JSON. */
import { basename } from 'node:path';

import { doctor, list, sweep } from 'vfs-lockfile/admin';
import { inbox } from 'vfs-lockfile/inbox';

const [folder = ''] = process.argv.slice(2);

/** @param {unknown} error */
const codeOf = (error) => /** @type {{ code?: string } | undefined} */ (error)?.code;

/** @param {Parameters<typeof list>[1]} options */
async function states(options) {
  /** @type {Record<string, unknown>} */
  const seen = {};
  let code;
  try {
    for await (const { file, state, timed, error } of list(folder, { recursive: true, ...options })) {
      seen[file.name] = [state, timed, codeOf(error)];
    }
  } catch (error) {
    code = codeOf(error);
  }
  return { seen, code };
}

/** @type {Record<string, unknown>} */
const unlisted = {};
const listed = await states({ onError: (error, path) => (unlisted[basename(path)] = error.code) });
const strict = await states({});
/** @type {Record<string, unknown>} */
const swept = {};
for await (const { kind, path, action, reason, error } of sweep(folder, { recursive: true })) {
  swept[basename(path)] = [kind, action, reason, codeOf(error)];
}
const { verdict, words, leftBehind } = await doctor(folder);
let claimed;
try {
  for await (const { file } of inbox(folder, { settle: 0, until: 'idle' })) claimed = file.name;
} catch (error) {
  claimed = codeOf(error);
}
console.log(JSON.stringify({ listed, unlisted, strict, swept, verdict, words, leftBehind, claimed }));
