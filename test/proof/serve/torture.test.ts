import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { Lockfile } from '../../../src/index.js';
import { freePort, startDaemon, type Running } from '../../support/process.js';
import { answersHttp } from '../../support/http.js';

const run = promisify(execFile);
const FILES = ['a', 'b', 'c'];
const ENOUGH = 600;
const KILLS = 12;
/** Far longer than anybody holds a lock here, so that a lease that ends is not what the judge sees. */
const TTL_MS = 300_000;

/** Knows of the locks only what a folder that can be made once says: who enters while another is inside is caught. */
class Judge {
  readonly #folder: string;
  entered = 0;
  overlaps = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async watch(file: string): Promise<void> {
    const inside = join(this.#folder, file);
    try {
      mkdirSync(inside);
    } catch {
      this.overlaps += 1;
      return;
    }
    this.entered += 1;
    await sleep(Math.random() * 5);
    rmdirSync(inside);
  }
}

/** One instance of the service on the folder, which is killed and started again. */
class Instance {
  readonly #folder: string;
  readonly #port: number;
  #running: Running | undefined;

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const command = [
      process.execPath,
      'dist/cli/main.js',
      'serve',
      this.#folder,
      '--listen',
      `127.0.0.1:${this.#port}`,
    ] as const;
    this.#running = await startDaemon(command, () => answersHttp(`${this.url}/healthz`));
  }

  async kill(): Promise<void> {
    await this.#running?.stop('SIGKILL');
  }
}

const any = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T;

test(
  'curl and our own workers never hold one lock at one time, while instances of the service are killed',
  { timeout: 900_000 },
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-serve-'));
    const [folder, inside] = [join(home, 'locks'), join(home, 'inside')];
    for (const each of [folder, inside]) mkdirSync(each);
    const judge = new Judge(inside);
    const instances = [new Instance(folder, await freePort()), new Instance(folder, await freePort())];
    let [kills, takeOvers, lost] = [0, 0, 0];
    let isOver = false;
    const counts = new Map<string, number>();
    const count = (who: string): void => void counts.set(who, (counts.get(who) ?? 0) + 1);

    /** Undefined: no answer, because the instance was killed. */
    const post = async (path: string, body?: object): Promise<Readonly<Record<string, unknown>> | undefined> => {
      const json = body ? ['-H', 'content-type: application/json', '-d', JSON.stringify(body)] : [];
      try {
        const args = ['-s', '-m', '60', '-X', body ? 'POST' : 'DELETE', ...json, `${any(instances).url}${path}`];
        return JSON.parse((await run('curl', args)).stdout) as Readonly<Record<string, unknown>>;
      } catch {
        lost += 1;
        return undefined;
      }
    };

    async function curl(name: string): Promise<void> {
      for (let round = 0; !isOver; round += 1) {
        const [file, client] = [any(FILES), `${name}-${round}`];
        const abandons = Math.random() < 0.05;
        const wanted = { client, waitMs: 2000, ttlMs: abandons ? 1000 : TTL_MS };
        // Who got no answer asks again, of any instance: it may hold the lock already.
        let answer = await post(`/v1/locks/${file}/acquire`, wanted);
        while (answer === undefined) answer = await post(`/v1/locks/${file}/acquire`, wanted);
        if (typeof answer.id !== 'string') continue;
        if (answer.reclaimedFrom !== null) takeOvers += 1;
        // Whoever holds the lock for a second only stays outside.
        if (abandons) continue;
        await judge.watch(file);
        count('curl');
        const mine = { client, id: answer.id };
        while ((await post(`/v1/locks/${file}/release`, mine)) === undefined);
      }
    }

    async function worker(name: string): Promise<void> {
      while (!isOver) {
        const file = any(FILES);
        const lock = await Lockfile.open(join(folder, file), { ownerId: name, ttl: TTL_MS });
        if (!(await lock.tryAcquire())) {
          await sleep(Math.random() * 20);
          continue;
        }
        if (lock.reclaimedFrom) takeOvers += 1;
        await judge.watch(file);
        count('workers');
        await lock.release();
      }
    }

    try {
      for (const each of instances) await each.start();
      const clients = [1, 2, 3].map((n) => curl(`curl-${n}`));
      const workers = [1, 2, 3].map((n) => worker(`worker-${n}`));
      while (judge.entered < ENOUGH || kills < KILLS) {
        await sleep(100 + Math.random() * 500);
        const victim = any(instances);
        await victim.kill();
        kills += 1;
        await victim.start();
      }
      isOver = true;
      await Promise.all([...clients, ...workers]);
      console.log(
        'torture over HTTP:',
        JSON.stringify({ entered: judge.entered, kills, takeOvers, lost, ...Object.fromEntries(counts) }),
      );
      expect(judge.overlaps).toBe(0);
      expect(counts.get('curl')).toBeGreaterThan(20);
      expect(counts.get('workers')).toBeGreaterThan(20);
      expect(takeOvers).toBeGreaterThan(0);
    } finally {
      isOver = true;
      for (const each of instances) await each.kill();
      rmSync(home, { recursive: true, force: true });
    }
  },
);
