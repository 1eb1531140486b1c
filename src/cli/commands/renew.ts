import { DetachedLock, type IsOurs } from '../../lock/detached.js';
import { inspect, type Inspection } from '../../lock/inspect.js';
import { describeContention } from '../../lock/model/holder.js';
import { LockForeignError } from '../../lock/model/errors.js';
import { NOT_THAT_LOCK } from '../exit-codes.js';
import { progressOfText } from '../progress.js';
import { jsonLine, spanJson } from '../terminal/json.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { millisecondsOf } from '../usage/settings.js';
import { openLock, type OpenedLock } from '../usage/target.js';

/** Renews the lock with an id. Resolves with the exit code. */
export async function renew(args: ArgumentsOf<'renew'>): Promise<number> {
  const ttlMs = args.ttl && millisecondsOf(args.ttl);
  const opened = await openLock(args);
  const progress = args.progress && progressOfText(args.progress.text);
  const lease = await lockOf(opened).renew(withId(args.id.text), ttlMs, { progress });
  const { path } = lockOf(opened);
  const done = lease !== undefined;
  if (args.json && !args.quiet) print(outcomeJson('renewed', opened, { path, id: args.id.text, done, lease }));
  return done ? 0 : notThatLock(opened);
}

/** Releases the lock with an id, and no other. Resolves with the exit code. */
export async function release(args: ArgumentsOf<'release'>): Promise<number> {
  const opened = await openLock(args);
  const { path } = lockOf(opened);
  const done = (await lockOf(opened).release(withId(args.id.text))) !== undefined;
  if (args.json && !args.quiet) print(outcomeJson('released', opened, { path, id: args.id.text, done }));
  return done ? 0 : notThatLock(opened);
}

function lockOf({ file, options }: OpenedLock): DetachedLock {
  return new DetachedLock(file, options);
}

function withId(id: string): IsOurs {
  return ({ lockId }) => lockId === id;
}

interface Outcome {
  readonly path: string;
  readonly id: string;
  readonly done: boolean;
  readonly lease?: { readonly remainingMs: number } | undefined;
}

function outcomeJson(type: 'renewed' | 'released', { file }: OpenedLock, { lease, ...outcome }: Outcome): string {
  const { path, id, done } = outcome;
  const rest = type === 'renewed' ? { remainingMs: spanJson(lease?.remainingMs) } : {};
  return jsonLine(type, { done, file: file.toString(), path, id, ...rest });
}

async function notThatLock({ file, options }: OpenedLock): Promise<number> {
  const inspection = await inspect(file, options);
  if (inspection.foreign) throw new LockForeignError(inspection.path, inspection.foreign);
  printError(`nothing was changed: ${describeOther(inspection)}`);
  return NOT_THAT_LOCK;
}

/** The lock that there is, in the place of the expected one. */
export function describeOther(inspection: Inspection): string {
  const { state, path, record } = inspection;
  if (state === 'free' || state === 'released') return `there is no lock ${path}`;
  const sentence = describeContention(inspection);
  return record?.lockId ? sentence : `${sentence}, its id is ${inspection.id ?? 'not known'}`;
}
