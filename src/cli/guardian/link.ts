import { spawn, type ChildProcess } from 'node:child_process';

import { instantIn } from '../../util/instant.js';
import { CliError, EXIT } from '../exit-codes.js';
import { killGroup, killMarked } from './group.js';
import type { Ended, Job, Order, Report } from './messages.js';

export type Refused = Extract<Report, { report: 'refused' }>;

/** The guardian process, as seen by the process that starts it. */
export class GuardianLink {
  readonly #child: ChildProcess;
  readonly #gone = new AbortController();
  #dismissed = false;
  #pgid: number | undefined;

  /** Starts the guardian. `self` is the main file of the command line. */
  constructor(self: string) {
    if (process.platform === 'win32') throw new CliError(EXIT.failed, 'run needs process groups; Windows has none');
    // NODE_OPTIONS, for example to wait for a debugger, is meant for the command only.
    const env = { ...process.env, NODE_OPTIONS: undefined };
    const stdio = ['inherit', 'inherit', 'inherit', 'ipc'] as const;
    this.#child = spawn(process.execPath, [self, 'guardian'], { env, stdio: [...stdio], detached: true });
    this.#child.on('error', (cause) => {
      this.#gone.abort(new CliError(EXIT.failed, `cannot start a guardian process: ${cause.message}`, { cause }));
    });
    this.#child.on('disconnect', () => {
      if (!this.#dismissed) this.#gone.abort(new CliError(EXIT.failed, 'the guardian process was killed'));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Aborts with a `CliError` when the guardian ends before it is dismissed. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Has the guardian start the command, and calls back with its group. Resolves when no process of its group is left. When the guardian is killed
   * meanwhile, ends the group itself and rejects.
   */
  start(job: Job, onStarted: (pgid: number) => void): Promise<Ended | Refused> {
    this.gone.throwIfAborted();
    return new Promise((resolve, reject) => {
      const takeOver = (): void => {
        void this.#killOrphans(job).then(() => {
          reject(new CliError(EXIT.lost, 'the guardian process was killed; COMMAND was ended'));
        });
      };
      this.gone.addEventListener('abort', takeOver);
      this.#child.on('message', (message) => {
        const report = message as Report;
        if (report.report === 'started') {
          this.#pgid = report.pgid;
          onStarted(report.pgid);
        } else {
          this.gone.removeEventListener('abort', takeOver);
          resolve(report);
        }
      });
      this.#send({ order: 'start', job });
    });
  }

  /** Moves the deadline of the lock. */
  extend(remainingMs: number): void {
    this.#send({ order: 'extend', deadline: instantIn(remainingMs) });
  }

  /** Passes a signal on to the command's group. */
  signal(signal: NodeJS.Signals, onSent?: () => void): void {
    this.#send({ order: 'signal', signal }, onSent);
  }

  /** Ends the command's group. */
  end(): void {
    this.#send({ order: 'end' });
  }

  /** Ends the group and then the guardian, in case the guardian does not do its work. */
  async overrule(): Promise<void> {
    if (this.#pgid !== undefined) await killGroup(this.#pgid);
    this.#child.kill('SIGKILL');
  }

  /** Ends the guardian. A command that still runs is ended first. */
  dismiss(): void {
    this.#dismissed = true;
    if (this.#child.connected) this.#child.disconnect();
    this.#child.unref();
  }

  /** A guardian that was killed right after it started the command could not report the group, which is then found by its environment. */
  async #killOrphans({ env }: Job): Promise<void> {
    if (this.#pgid !== undefined) await killGroup(this.#pgid);
    else await killMarked(`VFS_LOCKFILE_ID=${env.VFS_LOCKFILE_ID ?? ''}`);
  }

  #send(order: Order, onSent?: () => void): void {
    // `gone` reports a guardian that cannot be reached.
    if (this.#child.connected) this.#child.send(order, undefined, undefined, onSent ?? (() => undefined));
  }
}
