// @ts-check
// Argument: the folder. Serves its locks over HTTP, and answers where, and how much memory that takes.
import { once } from 'node:events';
import { createServer } from 'node:http';

import { lockService, nodeListener } from 'vfs-lockfile/serve';

import { answer } from './workshop.mjs';

/** @typedef {{ heap: number, rss: number, waiting: number }} Memory bytes, and the number of requests that wait for locks */

const [, , location = ''] = process.argv;
const service = lockService({ location, maxRate: Infinity, maxWait: '1h' });
const server = createServer(nodeListener(service)).listen(0, '127.0.0.1');
// While the others have their turn, the connections of these clients are idle.
server.keepAliveTimeout = 0;
await once(server, 'listening');
const address = server.address();
const url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`;

answer(async (question) => (question === 'url' ? { url } : await memory()));

/** @returns {Promise<Memory>} */
async function memory() {
  const metrics = await (await service(new globalThis.Request('http://localhost/metrics'))).text();
  const [, waiting] = /^vfs_lockfile_serve_waiting_requests (\d+)$/m.exec(metrics) ?? [];
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss, waiting: Number(waiting) };
}
