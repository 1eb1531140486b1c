import { spawn, type ChildProcess } from 'node:child_process';

import { msUntil, type Instant } from '../../util/instant.js';
import { isGroupAlive, signalGroup } from './group.js';
import type { EndReason, Job, Report } from './messages.js';

/** The deadline is looked at this often at least, as no timer runs while the machine sleeps. */
const LONGEST_NAP_MS = 1000;
const SHORTEST_NAP_MS = 2;
const LONGEST_POLL_MS = 50;

/** The command in the guardian's care, and every process of its group. */
export class GuardedCommand {
  readonly #job: Job;
  readonly #tell: (report: Report) => void;
  readonly #pgid: number | undefined;
  #deadline: Instant | undefined;
  /** Lingering: the command has ended, and what it left behind has some time to end by itself. */
  #phase: 'running' | 'lingering' | 'terminating' | 'killing' | 'ended' = 'running';
  #phaseEndsMs = Infinity;
  #pollMs = SHORTEST_NAP_MS;
  #reason: EndReason | undefined;
  #exit: Pick<Extract<Report, { report: 'ended' }>, 'code' | 'signal'> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Starts the command; `tell` gets `refused`, or first `started` and at last `ended`. */
  constructor(job: Job, tell: (report: Report) => void) {
    this.#job = job;
    this.#tell = tell;
    this.#deadline = job.deadline;
    const child = this.#spawn();
    this.#pgid = child?.pid;
    if (this.#pgid === undefined) return;
    tell({ report: 'started', pgid: this.#pgid });
    child?.on('exit', (code, signal) => {
      this.#exit = { code, signal };
      if (this.#phase === 'running') this.#enter('lingering');
      this.#step();
    });
    this.#step();
  }

  get over(): boolean {
    return this.#phase === 'ended';
  }

  extend(deadline: Instant | undefined): void {
    this.#deadline = deadline;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#pgid !== undefined && !this.over) signalGroup(this.#pgid, signal);
  }

  /** Ends the group: SIGTERM, then SIGKILL. */
  end(reason: EndReason): void {
    if (this.#phase === 'running' || this.#phase === 'lingering') this.#terminate(reason);
    this.#step();
  }

  #spawn(): ChildProcess | undefined {
    const { command, args, env } = this.#job;
    const refuse = (error: NodeJS.ErrnoException): void => {
      this.#phase = 'ended';
      this.#tell({ report: 'refused', code: error.code ?? error.message });
    };
    try {
      return spawn(command, args, { env, stdio: 'inherit', detached: true }).on('error', refuse);
    } catch (error) {
      refuse(error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  #terminate(reason: EndReason): void {
    this.#reason = reason;
    this.#enter('terminating');
    this.signal('SIGTERM');
    // A stopped process would not notice.
    this.signal('SIGCONT');
  }

  #enter(phase: 'lingering' | 'terminating' | 'killing'): void {
    this.#phase = phase;
    this.#phaseEndsMs = performance.now() + this.#job.killAfterMs;
    this.#pollMs = SHORTEST_NAP_MS;
  }

  #step(): void {
    clearTimeout(this.#timer);
    if (this.#pgid === undefined || this.over) return;
    if (this.#exit !== undefined && !isGroupAlive(this.#pgid)) {
      this.#phase = 'ended';
      this.#tell({ report: 'ended', ...this.#exit, reason: this.#reason });
      return;
    }
    this.#advance();
    this.#timer = setTimeout(() => this.#step(), this.#napMs());
  }

  #advance(): void {
    const { killAfterMs, marginMs } = this.#job;
    const beforeKillMs = msUntil(this.#deadline) - marginMs;
    const phaseOver = performance.now() >= this.#phaseEndsMs;
    if (this.#phase === 'running' || this.#phase === 'lingering') {
      if (beforeKillMs <= killAfterMs) this.#terminate('deadline');
      else if (this.#phase === 'lingering' && phaseOver) this.#terminate('leftover');
    } else if (this.#phase === 'terminating' && (phaseOver || beforeKillMs <= 0)) {
      this.#enter('killing');
    }
    if (this.#phase === 'killing') this.signal('SIGKILL');
  }

  #napMs(): number {
    const { killAfterMs, marginMs } = this.#job;
    if (this.#phase === 'running') {
      const dueMs = msUntil(this.#deadline) - marginMs - killAfterMs;
      return Math.min(Math.max(dueMs, SHORTEST_NAP_MS), LONGEST_NAP_MS);
    }
    this.#pollMs = Math.min(this.#pollMs * 1.5, LONGEST_POLL_MS);
    return this.#pollMs;
  }
}
