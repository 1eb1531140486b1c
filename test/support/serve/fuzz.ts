import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { memVfs } from '../../../src/backends/mem/index.js';
import type { Location } from '../../../src/open.js';
import type { Vfs } from '../../../src/vfs/vfs.js';
import { v1ProblemsOf } from './openapi.js';
import { LAST_ID, requests, type Fuzzed } from './requests.js';
import { OTHER, TestService, TOKENS, WRITER } from './service.js';

/** Where the locks are. Whatever is beside it is out of bounds. */
const LOCATION = 'data/locks';

/** Is in every file outside the location, and so may be in no answer. */
const OUTSIDE = 'this-is-outside';

/** After so many requests the next ones get a location of their own: listing what thousands have left would take the time. */
const CHUNK = 5000;

/** How many requests are under way at the same time. */
const LANES = 128;

/** A location for the locks of a service, with something beside it that nobody may see or change. */
export interface FuzzedLocation {
  readonly location: Location;
  /** What happened outside the location so far. */
  outside(): readonly string[];
  remove(): void;
}

/** In memory: every call of the store with a path outside the location is found. */
export async function memoryLocation(): Promise<FuzzedLocation> {
  const vfs = memVfs();
  await vfs.write(`${LOCATION}/folder/c`, new Uint8Array());
  await vfs.write('data/secret.lock', Buffer.from(recordOf(OUTSIDE)));
  const outside: string[] = [];
  const guarded = guard(vfs, (path) => outside.push(path));
  return { location: { vfs: guarded, path: LOCATION }, outside: () => outside, remove: () => undefined };
}

/** On the disk, with links that lead out of the location: every change outside it is found. */
export function diskLocation(): FuzzedLocation {
  const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-fuzz-'));
  const [locks, beside] = [join(home, LOCATION), join(home, 'data/beside')];
  for (const folder of [join(locks, 'folder'), beside]) mkdirSync(folder, { recursive: true });
  for (const path of [join(home, 'data/secret.lock'), join(beside, 'secret.lock')]) {
    writeFileSync(path, recordOf(OUTSIDE));
  }
  writeFileSync(join(beside, 'secret'), OUTSIDE);
  symlinkSync(beside, join(locks, 'link'));
  symlinkSync('loop', join(locks, 'loop'));
  symlinkSync(join(home, 'data/none'), join(locks, 'dangling'));
  symlinkSync(join(beside, 'secret.lock'), join(locks, 'trap.lock'));
  const before = stateOf(home);
  const outside = (): readonly string[] => {
    const now = stateOf(home);
    return [...now.filter((line) => !before.includes(line)), ...before.filter((line) => !now.includes(line))];
  };
  return { location: locks, outside, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** Every entry below `home`, apart from what is in the location, with what a change would change. */
function stateOf(home: string): readonly string[] {
  const location = join(home, LOCATION);
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (path === location) continue;
      const { mtimeMs, ino, mode } = statSync(path);
      found.push([path, mtimeMs, ino, mode, entry.isFile() ? readFileSync(path, 'utf8') : ''].join(' '));
      if (entry.isDirectory()) walk(path);
    }
  };
  walk(home);
  return found;
}

/** A lock file that is still held. */
function recordOf(owner: string): string {
  const times = { createdAt: new Date().toISOString(), ttl: 3_600_000_000_000, renewals: 0 };
  return JSON.stringify({ ...times, hostname: owner, pid: 1, ownerId: owner, lockId: owner.padEnd(32, '0') });
}

/** A service that is sent random requests. */
export class FuzzedService {
  readonly #service: TestService;
  readonly #where: FuzzedLocation;
  readonly #statuses: Map<number, number>;
  #lastId = '';

  constructor(where: FuzzedLocation, statuses: Map<number, number>) {
    this.#where = where;
    this.#statuses = statuses;
    this.#service = new TestService({ tokens: TOKENS, location: where.location, maxWait: 0 });
  }

  /** Throws if the answer says that the service is at fault. */
  async send(fuzzed: Fuzzed): Promise<void> {
    const request = requestOf({ ...fuzzed, body: fuzzed.body.replace(LAST_ID, this.#lastId) });
    if (request === undefined) return;
    const response = await this.#service.service(request);
    const { pathname } = new URL(request.url);
    const problems = pathname.startsWith('/v1/') ? await v1ProblemsOf(request.method, pathname, response) : [];
    if (problems.length > 0) throw new Error(`not as openapi.json says: ${JSON.stringify(problems)}`);
    const text = response.headers.get('content-type') === 'text/event-stream' ? '' : await response.text();
    if (!response.bodyUsed) await response.body?.cancel();
    this.#statuses.set(response.status, (this.#statuses.get(response.status) ?? 0) + 1);
    this.#lastId = /"(?:id|lease_id)":"(\w{32})"/.exec(text)?.[1] ?? this.#lastId;
    const { errors } = this.#service;
    if (response.status >= 500 || errors.length > 0)
      throw new Error(`${response.status} ${text}`, { cause: errors[0] });
    if (text.includes(OUTSIDE)) throw new Error(`what is outside the location is in the answer ${text}`);
    if (text.includes(WRITER) || text.includes(OTHER)) throw new Error('a token is in the answer');
  }

  checkOutside(): void {
    const outside = this.#where.outside();
    if (outside.length > 0) throw new Error(`outside the location: ${outside.join('\n')}`);
  }
}

/** Undefined: no client can send it. */
function requestOf({ path, query, body, init: { method, type, token, scheme, origin } }: Fuzzed): Request | undefined {
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const authorization = `${scheme} ${scheme === 'Basic' ? Buffer.from(`u:${token}`).toString('base64') : token}`;
  const headers = { authorization, ...(type && { 'content-type': type }), ...(origin && { origin }) };
  try {
    const url = `http://localhost${path}?${query}`;
    return new Request(url, { method, headers, ...(hasBody && { body: Buffer.from(body) }) });
  } catch {
    return undefined;
  }
}

/** Calls `onOutside` for every path that is not below the location. */
function guard(vfs: Vfs, onOutside: (path: string) => void): Vfs {
  const isInside = (path: string): boolean =>
    (path === LOCATION || path.startsWith(`${LOCATION}/`)) && !path.split('/').includes('..');
  return new Proxy(vfs, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (typeof args[0] === 'string' && !isInside(args[0])) onOutside(`${String(name)} ${args[0]}`);
        return (member as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

/** Sends that many random requests, and returns how many answers of each status there were. */
export async function fuzz(
  count: number,
  seed: number,
  openLocation: () => FuzzedLocation | Promise<FuzzedLocation>,
): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  for (let sent = 0; sent < count; sent += CHUNK) {
    const chunk = fc.sample(requests, { numRuns: Math.min(CHUNK, count - sent), seed: seed + sent });
    const where = await openLocation();
    const service = new FuzzedService(where, statuses);
    try {
      await sendAll(service, chunk);
      service.checkOutside();
    } finally {
      where.remove();
    }
  }
  return statuses;
}

async function sendAll(service: FuzzedService, all: readonly Fuzzed[]): Promise<void> {
  const left = all.values();
  const lane = async (): Promise<void> => {
    for (const each of left) {
      await service.send(each).catch((cause: unknown) => {
        throw new Error(`the service failed at ${JSON.stringify(each)}: ${String(cause)}`, { cause });
      });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
