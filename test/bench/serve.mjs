// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { median, shown, spread, table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {import('./workshop.mjs').Helper} Helper
 * @typedef {import('./serve-clients-child.mjs').Rate} Rate
 * @typedef {import('./serve-child.mjs').Memory} Memory
 */

const CLIENTS = [1, 16, 256];
const ROUNDS = 10;
const WARM_ROUNDS = 2;
const ROUND_MS = 400;
const HELD = 10_000;
const WAITING = 1000;
const MEMORY_LIMIT_MS = 600_000;

/** Where foolock listens, always. */
const FOOLOCK_PORT = 8080;

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function serve(workshop, { disk }) {
  const service = workshop.start('serve-child.mjs', [workshop.makeFolder(disk.path)], ['--expose-gc']);
  const { url } = /** @type {{ url: string }} */ (await service.ask('url'));
  const foolock = await startFoolock();
  const client = (/** @type {string} */ kind, /** @type {string} */ target) =>
    workshop.start('serve-clients-child.mjs', [kind, target]);
  const contenders = [
    { title: 'library, in the process of the clients', helper: client('direct', workshop.makeFolder(disk.path)) },
    { title: 'over HTTP, `/v1/locks`', helper: client('v1', url) },
    { title: "over HTTP, foolock's requests", helper: client('foolock', url) },
    ...(foolock ? [{ title: 'foolock itself (in memory)', helper: client('foolock', foolock.url) }] : []),
  ];
  try {
    const rows = await compare(contenders);
    for (const { helper } of contenders) await helper.end();
    const memory = await measureMemory(service, client('v1', url));
    const intro =
      `The service in a process of its own on ${disk.fileSystem}, its clients in another, with connections that stay open; each client ` +
      `locks and unlocks a file of its own, again and again. Medians of ${String(ROUNDS)} rounds of ${String(ROUND_MS)} ms each, in ` +
      'turns. The ratio is the time of a cycle over that of the library without HTTP, with as many callers. ' +
      (foolock ? 'foolock writes nothing to a disk.' : 'foolock itself is compared where `FOOLOCK` names its binary.');
    const head = ['', ...CLIENTS.flatMap((count) => [`${String(count)}: cycles/s`, 'ratio'])];
    return ['### Over HTTP', intro, table(head, rows), memory].join('\n\n');
  } finally {
    foolock?.stop();
  }
}

/** @param {readonly { title: string, helper: Helper }[]} contenders the library first */
async function compare(contenders) {
  /** @type {Map<string, Rate[][]>} by title, of each number of clients */
  const rates = new Map(contenders.map(({ title }) => [title, []]));
  for (const clients of CLIENTS) {
    for (const { title } of contenders) rates.get(title)?.push([]);
    for (let round = -WARM_ROUNDS; round < ROUNDS; round += 1) {
      for (const { title, helper } of contenders) {
        const rate = /** @type {Rate} */ (await helper.ask({ clients, ms: ROUND_MS }));
        if (round >= 0) rates.get(title)?.at(-1)?.push(rate);
      }
    }
  }
  const [direct = []] = rates.values();
  return [...rates].map(([title, byClients]) => [
    title,
    ...byClients.flatMap((own, index) => cells(own, direct[index])),
  ]);
}

/**
 * @param {readonly Rate[]} own
 * @param {readonly Rate[]} direct
 */
function cells(own, direct = []) {
  const ratios = own.map(({ perSecond }, round) => (direct[round]?.perSecond ?? NaN) / perSecond);
  return [shown(median(own.map(({ perSecond }) => perSecond))), own === direct ? '' : spread(ratios)];
}

/**
 * @param {Helper} service
 * @param {Helper} clients
 */
async function measureMemory(service, clients) {
  const read = async () => /** @type {Memory} */ (await service.ask('memory'));
  // What is loaded only with the first requests is no memory of the locks.
  await clients.ask({ clients: 16, ms: ROUND_MS });
  const idle = await read();
  await clients.ask({ hold: HELD }, MEMORY_LIMIT_MS);
  const held = await read();
  await clients.ask({ wait: WAITING }, MEMORY_LIMIT_MS);
  let waiting = await read();
  while (waiting.waiting < WAITING) {
    await pause(100);
    waiting = await read();
  }
  await clients.end();
  const row = (
    /** @type {string} */ title,
    /** @type {Memory} */ now,
    /** @type {Memory} */ before,
    /** @type {number} */ count,
  ) => [
    title,
    ...[now.heap, now.rss].map((bytes) => (bytes / 2 ** 20).toFixed(1)),
    shown(Math.max(0, now.heap - before.heap) / count),
  ];
  return table(
    ['memory of the service', 'heap, MiB', 'resident, MiB', 'heap for each, bytes'],
    [
      ['after its first requests', ...[idle.heap, idle.rss].map((bytes) => (bytes / 2 ** 20).toFixed(1)), ''],
      row(`${HELD.toLocaleString('en')} locks held through it`, held, idle, HELD),
      row(`and ${WAITING.toLocaleString('en')} requests that wait`, waiting, held, WAITING),
    ],
  );
}

/** The real foolock, where `FOOLOCK` names its binary: its Go module is on no proxy. */
async function startFoolock() {
  const binary = process.env.FOOLOCK;
  if (!binary) return undefined;
  const child = spawn(binary, { stdio: 'ignore' });
  const stop = () => child.kill();
  await once(child, 'spawn');
  while (!(await listens(FOOLOCK_PORT))) {
    if (child.exitCode !== null) throw new Error(`${binary} ended with ${String(child.exitCode)}`);
    await pause(20);
  }
  return { url: `http://127.0.0.1:${String(FOOLOCK_PORT)}`, stop };
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (/** @type {boolean} */ does) => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
