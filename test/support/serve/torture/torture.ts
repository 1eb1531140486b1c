import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { any, curl, foolock, TTL_MS, type Torture } from './clients.js';
import { Instance } from './instance.js';
import { overlapsIn, staysIn, type Stay } from './judge.js';

/** As the client of justalock makes it of 16 characters. */
const JUSTALOCK_ID = 'sixteen letters!';
const JUSTALOCK_FILE = Buffer.from(JUSTALOCK_ID).toString('base64url');
const JUSTALOCK_SECONDS = 4;

export interface TortureSize {
  /** How often a client has to have entered, by the first word of its name. */
  readonly least: Readonly<Record<string, number>>;
  /** How often they have to have entered in all. */
  readonly stays: number;
  /** How often an instance has to have been killed. */
  readonly kills: number;
  /** Python with the client of justalock. Undefined: without it. */
  readonly python: string | undefined;
}

/** What happened, as the judge sees it. */
export interface Verdict {
  readonly overlaps: readonly (readonly [Stay, Stay])[];
  readonly stays: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly takeOvers: number;
  readonly lost: number;
}

/** Real clients and programs with the library share the locks of a location, while instances of the service are killed. */
export async function torture(location: string, size: TortureSize): Promise<Verdict> {
  const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-serve-'));
  const instances = [await Instance.on(location), await Instance.on(location)];
  let isOver = false;
  const files = [JUSTALOCK_FILE, 'b', 'c'];
  const urls = instances.map(({ url }) => url);
  const running: Torture = { urls, files, stays: [], isOver: () => isOver, lost: 0, takeOvers: 0 };
  const programs = new Programs(home, location, running, size.python);
  let kills = 0;
  try {
    for (const each of instances) await each.start();
    programs.start();
    const clients = [curl(running, 'curl-1'), curl(running, 'curl-2'), foolock(running, 'foolock-1')];
    const takeOvers = (): number => running.takeOvers + programs.takeOvers;
    const isEnough = (): boolean => {
      const counts = countsOf(programs.stays());
      const sum = Object.values(counts).reduce((a, b) => a + b, 0);
      const hasEntered = ([who, least]: readonly [string, number]): boolean => (counts[who] ?? 0) >= least;
      const areAllThere = Object.entries(size.least).every(hasEntered);
      return kills >= size.kills && sum >= size.stays && takeOvers() > 0 && areAllThere;
    };
    while (!isEnough()) {
      programs.checkRunning();
      await sleep(100 + Math.random() * 500);
      if (kills >= size.kills) continue;
      const victim = any(instances);
      await victim.kill();
      kills += 1;
      await victim.start();
    }
    isOver = true;
    await Promise.all([...clients, programs.end()]);
    const stays = programs.stays();
    const overlaps = overlapsIn(stays);
    return { overlaps, stays: countsOf(stays), kills, lost: running.lost, takeOvers: takeOvers() };
  } finally {
    isOver = true;
    await programs.end();
    for (const each of instances) await each.kill();
    rmSync(home, { recursive: true, force: true });
  }
}

function countsOf(stays: readonly Stay[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { who } of stays) {
    const kind = who.split('-')[0] ?? '';
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** The programs that run beside the service, each with a file in which it notes its stays. */
class Programs {
  readonly #home: string;
  readonly #torture: Torture;
  readonly #commands: readonly (readonly string[])[];
  readonly #running: ChildProcess[] = [];

  constructor(home: string, location: string, torture: Torture, python: string | undefined) {
    this.#home = home;
    this.#torture = torture;
    const { files, urls } = torture;
    const script = (name: string): string => join(import.meta.dirname, name);
    const worker = (journal: string): readonly string[] => [
      process.execPath,
      script('worker-child.mjs'),
      location,
      journal,
      String(TTL_MS),
      ...files,
    ];
    const justalock = [String(JUSTALOCK_SECONDS), JUSTALOCK_ID, JUSTALOCK_FILE, ...urls];
    this.#commands = [
      worker(this.#journal(0)),
      worker(this.#journal(1)),
      ...(python === undefined ? [] : [[python, script('justalock-child.py'), this.#journal(2), ...justalock]]),
    ];
  }

  start(): void {
    for (const [file = '', ...args] of this.#commands) {
      this.#running.push(spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] }));
    }
  }

  /** Everybody's stays, those of the clients too. */
  stays(): readonly Stay[] {
    const journals = this.#commands.map((_, index) => this.#journal(index)).filter((path) => existsSync(path));
    return [...this.#torture.stays, ...journals.flatMap((path) => staysIn(readFileSync(path, 'utf8')))];
  }

  get takeOvers(): number {
    return this.stays().filter(({ tookOver }) => tookOver).length;
  }

  checkRunning(): void {
    if (this.#running.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)) {
      throw new Error('a program has ended by itself');
    }
  }

  async end(): Promise<void> {
    const ended = this.#running.splice(0).map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    });
    await Promise.all(ended);
  }

  #journal(index: number): string {
    return join(this.#home, `journal-${index}`);
  }
}
