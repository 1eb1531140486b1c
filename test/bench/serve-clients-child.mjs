// @ts-check
// Arguments: how to lock (direct, v1 or foolock), and where: a folder, or the URL of a service. Answers how fast that is.
import { Agent, request } from 'node:http';
import { join } from 'node:path';

import { answer } from './workshop.mjs';

/**
 * @typedef {{ perSecond: number }} Rate cycles of all clients together
 * @typedef {(client: number) => Promise<void>} Cycle locks and unlocks the file of one client
 * @typedef {{ clients: number, ms: number } | { hold: number } | { wait: number }} Question
 */

const [, , kind = '', target = ''] = process.argv;
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity });
const LONG_MS = 3_600_000;
const cycle = kind === 'direct' ? await loadDirect() : kind === 'v1' ? v1 : foolock;

answer(async (question) => {
  const asked = /** @type {Question} */ (question);
  if ('hold' in asked) return await hold(asked.hold);
  if ('wait' in asked) return wait(asked.wait);
  return await measure(asked.clients, asked.ms);
});

/**
 * @param {number} clients
 * @param {number} ms
 * @returns {Promise<Rate>}
 */
async function measure(clients, ms) {
  let cycles = 0;
  const startedMs = performance.now();
  const loop = async (/** @type {unknown} */ _, /** @type {number} */ client) => {
    do {
      await cycle(client);
      cycles += 1;
    } while (performance.now() - startedMs < ms);
  };
  await Promise.all(Array.from({ length: clients }, loop));
  return { perSecond: (cycles / (performance.now() - startedMs)) * 1000 };
}

/** @returns {Promise<Cycle>} */
async function loadDirect() {
  const { Lockfile } = await import('vfs-lockfile');
  return async (client) => {
    const lock = await Lockfile.open(join(target, `client-${String(client)}`));
    await lock.acquire();
    if (!(await lock.release())) throw new Error('lost the lock');
  };
}

/** @type {Cycle} */
async function v1(client) {
  const [path, name] = [`/v1/locks/client-${String(client)}`, `c${String(client)}`];
  const { id } = await ask('POST', `${path}/acquire`, { client: name });
  await ask('POST', `${path}/release`, { client: name, id });
}

/** @type {Cycle} */
async function foolock(client) {
  const query = `/lock?client=c${String(client)}&job=job-${String(client)}`;
  await ask('POST', query);
  await ask('DELETE', query);
}

/** @param {number} count how many locks to take, which nobody else has */
async function hold(count) {
  const names = Array.from({ length: count }, (_, index) => index).values();
  const lane = async () => {
    for (const index of names)
      await ask('POST', `/v1/locks/held-${String(index)}/acquire`, { client: 'c', ttlMs: LONG_MS });
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  agent.destroy();
  return count;
}

/** @param {number} count how many requests to leave waiting, each for another lock that is held */
function wait(count) {
  for (let index = 0; index < count; index += 1) {
    const body = { client: 'another', waitMs: LONG_MS };
    // They end with this process.
    ask('POST', `/v1/locks/held-${String(index)}/acquire`, body).catch(() => undefined);
  }
  return count;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<{ readonly id?: string }>}
 */
function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const json = body ? JSON.stringify(body) : '';
    const headers = { ...(body && { 'content-type': 'application/json' }), 'content-length': Buffer.byteLength(json) };
    const sent = request(target + path, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (/** @type {string} */ part) => (text += part));
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${String(response.statusCode)} ${text}`));
      });
    });
    sent.on('error', reject).end(json);
  });
}
