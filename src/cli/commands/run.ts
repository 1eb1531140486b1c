import type { Journal } from '../../journal/index.js';
import { Lockfile } from '../../lock/lockfile.js';
import { instantIn } from '../../util/instant.js';
import { userName } from '../../util/user-name.js';
import { withConflictCode } from '../conflict.js';
import { CliError, EXIT } from '../exit-codes.js';
import type { GuardianLink, Refused } from '../guardian/link.js';
import type { Ended, Job } from '../guardian/messages.js';
import { ProgressFile } from '../progress.js';
import type { RunLog } from './run-log.js';
import { Interrupted, signalExitCode, Signals } from '../signals.js';
import { printError } from '../terminal/print-error.js';
import { describeTakeover } from '../terminal/takeover.js';
import { WaitingNotice } from '../terminal/waiting-notice.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { resolveRunOptions, type ResolvedRunOptions } from '../usage/settings.js';
import { openLock } from '../usage/target.js';
import { closeJournal, journalOf } from './journal.js';
import { supervise } from './supervise.js';

type RunArguments = ArgumentsOf<'run'>;

interface Surroundings {
  readonly guardian: GuardianLink;
  readonly signals: Signals;
  readonly log: RunLog | undefined;
}

const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  ENOENT: 'there is no such command, or its interpreter is missing',
};

/** Runs a command while a lock is held. `tool`: this program and its version. Resolves with the exit code when no process of the command is left. */
export async function run(args: RunArguments, guardian: GuardianLink, tool: string): Promise<number> {
  const signals = new Signals();
  let journal: Journal | undefined;
  let log: RunLog | undefined;
  try {
    const options = resolveRunOptions(args);
    const { file, options: which } = await openLock(args);
    const lock = new Lockfile(file, {
      ...options.lock,
      ...which,
      ...(guardian.pid !== undefined && { pid: guardian.pid }),
      // COMMAND may outlive this process and the guardian, and its group is known only when it has started.
      processGroup: 'later',
      user: userName(),
      tool,
      ...(!args.noCommand && { command: [args.command, ...args.args] }),
    });
    log = await logOf(args, lock);
    journal = await journalOf(args.journal, file, which.lockPath);
    await acquire(lock, options, AbortSignal.any([signals.interrupted, guardian.gone]), args);
    if (lock.reclaimedFrom && !args.quiet) printError(describeTakeover(lock.path, lock.reclaimedFrom));
    return await runHolding(lock, args, options, { guardian, signals, log });
  } catch (error) {
    if (error instanceof Interrupted) return signalExitCode(error.signal);
    throw error;
  } finally {
    await Promise.all([closeJournal(journal), log?.close()]);
    guardian.dismiss();
  }
}

async function logOf({ log }: RunArguments, lock: Lockfile): Promise<RunLog | undefined> {
  return log && new (await import('./run-log.js')).RunLog(log.text, lock.path);
}

async function acquire(
  lock: Lockfile,
  { waitMs, conflictCode }: ResolvedRunOptions,
  signal: AbortSignal,
  { quiet, announce }: Pick<RunArguments, 'quiet' | 'announce'>,
): Promise<void> {
  const notice = quiet ? undefined : new WaitingNotice(lock, waitMs);
  try {
    await withConflictCode(conflictCode, () => lock.acquire({ wait: waitMs, announce, signal }));
  } finally {
    notice?.close();
  }
}

async function runHolding(
  lock: Lockfile,
  args: RunArguments,
  options: ResolvedRunOptions,
  { guardian, signals, log }: Surroundings,
): Promise<number> {
  const progress = args.progress ? new ProgressFile() : undefined;
  let ended: (Ended & { readonly tooLong?: boolean }) | Refused;
  try {
    signals.interrupted.throwIfAborted();
    progress?.follow(lock);
    const job = jobOf(lock, args, options, progress?.path);
    log?.starting();
    ended = await supervise(lock, guardian, signals, job, options.maxHoldMs);
    log?.ended(ended);
  } finally {
    progress?.close();
    await release(lock);
  }
  if (ended.report === 'refused') throw refusal(args.command, ended.code);
  throwIfLost(lock, ended);
  if (ended.tooLong) throw new CliError(EXIT.tooLong, `ended ${args.command}, which ran for longer than --max-hold`);
  if (ended.reason === 'leftover') printError(`ended what ${args.command} left running`);
  return ended.signal === null ? (ended.code ?? EXIT.failed) : signalExitCode(ended.signal);
}

function jobOf(
  lock: Lockfile,
  { command, args }: RunArguments,
  options: ResolvedRunOptions,
  progressPath: string | undefined,
): Job {
  const { killAfterMs, marginMs } = options;
  const env = {
    ...process.env,
    VFS_LOCKFILE_PATH: lock.file.toString(),
    VFS_LOCKFILE_ID: lock.record?.lockId,
    VFS_LOCKFILE_OWNER: lock.record?.ownerId,
    VFS_LOCKFILE_TOKEN: options.lock.fencing ? String(lock.fencingToken) : undefined,
    VFS_LOCKFILE_RECLAIMED: lock.reclaimedFrom?.reason,
    ...(progressPath !== undefined && { VFS_LOCKFILE_PROGRESS: progressPath }),
  };
  return { command, args, env, killAfterMs, marginMs, deadline: instantIn(lock.remainingMs) };
}

async function release(lock: Lockfile): Promise<void> {
  try {
    // Reading `held` first notices a deadline that passed: a release in time does not prove that the lock was held until now.
    if (lock.held || lock.loss) await lock.release();
  } catch (error) {
    printError(`${messageOf(error)}; it stays locked until its lease ends`);
  }
}

function refusal(command: string, code: string): CliError {
  const reason = REFUSALS[code];
  const exitCode = code === 'ENOENT' ? EXIT.notFound : EXIT.notExecutable;
  return new CliError(exitCode, `cannot start ${command}: ${reason === undefined ? code : `${reason} (${code})`}`);
}

function throwIfLost({ loss, path }: Lockfile, { reason }: Ended): void {
  if (loss === undefined && reason !== 'deadline') return;
  const lost = loss?.message ?? `the lock ${path} could not be renewed in time`;
  const cause = loss?.cause === undefined ? '' : ` (${messageOf(loss.cause)})`;
  const outcome = reason === undefined ? 'COMMAND had ended by itself' : 'COMMAND was ended';
  throw new CliError(EXIT.lost, `${lost}${cause}; ${outcome}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
