// @ts-check
import { parentPort, workerData } from 'node:worker_threads';

import { localVfs } from 'vfs-lockfile';

const vfs = localVfs(workerData);

/** @typedef {{ id: number, verb: string, args: unknown[] }} Call */

/** @param {Call} call */
async function answer({ id, verb, args }) {
  try {
    return { id, value: await Reflect.apply(Reflect.get(vfs, verb), vfs, args) };
  } catch (error) {
    const { code, message, effect } = /** @type {import('vfs-lockfile').VfsError} */ (error);
    return { id, code, message, effect };
  }
}

parentPort?.on('message', (/** @type {Call} */ call) => {
  void answer(call).then((settled) => parentPort?.postMessage(settled));
});
parentPort?.postMessage('ready');
