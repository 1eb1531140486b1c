import { spawn, type ChildProcess } from 'node:child_process';

import { msUntil, type Instant } from '../../util/instant.js';
import { isGroupAlive } from '../../util/process-group.js';
import { signalGroup } from './group.js';
import type { EndReason, Job, Report } from './messages.js';

/** The deadline is checked at least this often, because no timer runs while the machine sleeps. */
const LONGEST_NAP_MS = 1000;
const SHORTEST_NAP_MS = 2;
const LONGEST_POLL_MS = 50;

/** A running command with every process of its group, from the start to the end of the last process. */
export class GuardedCommand {
  readonly #job: Job;
  readonly #report: (report: Report) => void;
  readonly #pgid: number | undefined;
  #deadline: Instant | undefined;
  /** Lingering: the command has ended, and the processes that it left behind have some time to end by themselves. */
  #phase: 'running' | 'lingering' | 'terminating' | 'killing' | 'ended' = 'running';
  #phaseEndsMs = Infinity;
  #pollMs = SHORTEST_NAP_MS;
  #reason: EndReason | undefined;
  #exit: Pick<Extract<Report, { report: 'ended' }>, 'code' | 'signal'> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Starts the command. `report` receives `refused`, or first `started` and finally `ended`. */
  constructor(job: Job, report: (report: Report) => void) {
    this.#job = job;
    this.#report = report;
    this.#deadline = job.deadline;
    const child = this.#spawn();
    this.#pgid = child?.pid;
    if (this.#pgid === undefined) return;
    report({ report: 'started', pgid: this.#pgid });
    child?.on('exit', (code, signal) => {
      this.#exit = { code, signal };
      if (this.#phase === 'running') this.#enter('lingering');
      this.#step();
    });
    this.#step();
  }

  get isOver(): boolean {
    return this.#phase === 'ended';
  }

  extend(deadline: Instant | undefined): void {
    this.#deadline = deadline;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#pgid !== undefined && !this.isOver) signalGroup(this.#pgid, signal);
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
      this.#report({ report: 'refused', code: error.code ?? error.message });
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
    // A stopped process receives SIGTERM only when it continues.
    this.signal('SIGCONT');
  }

  #enter(phase: 'lingering' | 'terminating' | 'killing'): void {
    this.#phase = phase;
    this.#phaseEndsMs = performance.now() + this.#job.killAfterMs;
    this.#pollMs = SHORTEST_NAP_MS;
  }

  #step(): void {
    clearTimeout(this.#timer);
    if (this.#pgid === undefined || this.isOver) return;
    if (this.#exit !== undefined && !isGroupAlive(this.#pgid)) {
      this.#phase = 'ended';
      this.#report({ report: 'ended', ...this.#exit, reason: this.#reason });
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
