import type { RecordedRecord } from '../../test/proof/torture/journal.mjs';
import { Refusal, stepsOf, type Call, type History, type Steps } from './history.js';
import { ProcessRules, type Proof } from './process.js';
import { LockStates, type Known } from './store.js';

/** How the clients of a store behave. */
export interface Manners {
  /** Whether they repeat a request whose answer was lost, so that it may lose to itself, as SDKs of object stores do. */
  readonly repeats: boolean;
}

/**
 * Follows a history through the model of `Record.tla`. Returns the first line that is no behaviour of it, and why; undefined: the
 * model allows every line.
 */
export function refusalOf(history: History, manners: Manners): string | undefined {
  try {
    const steps = stepsOf(history);
    followStores(steps, followProcesses(steps), manners);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

function followProcesses({ byProcess, calls, killed }: Steps): readonly Proof[] {
  const written = calls.flatMap(({ record }) => record ?? []);
  const records = new Map<string, RecordedRecord>(written.map((record) => [record.id, record]));
  return [...byProcess].flatMap(([process, steps]) => {
    const rules = new ProcessRules(records);
    for (const step of steps) rules.follow(step);
    if (!killed.has(process)) rules.end(steps.at(-1));
    return rules.proofs;
  });
}

function followStores({ byProcess, calls }: Steps, proofs: readonly Proof[], { repeats }: Manners): void {
  const steps = [...byProcess.values()].flat().sort((one, other) => one.at - other.at);
  // Of several, the first counts.
  const endedAt = new Map(
    steps.flatMap((step) => (step.kind === 'ended' ? [[step.who, step.at] as const] : [])).reverse(),
  );
  const forcedAt = new Map(
    steps.flatMap((step) => (step.kind === 'force' ? [[step.acq, step.at] as const] : [])).reverse(),
  );
  const known: Known = { ownerOf: ownersOf(calls), endedAt, forcedAt, repeats };
  const proven = new Map(proofs.map((proof) => [proof.step, proof]));
  const locks = new Map<string, LockStates>();
  for (const step of steps) {
    const proof = proven.get(step);
    const lock = step.kind === 'send' || step.kind === 'answer' ? step.call.lock : proof?.lock;
    if (lock === undefined) continue;
    const states = locks.get(lock) ?? new LockStates(known);
    locks.set(lock, states);
    if (proof) states.held(step, proof.acq);
    else states.follow(step);
  }
}

function ownersOf(calls: readonly Call[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { process, record } of calls) {
    if (record && !record.free && !owners.has(record.acq)) owners.set(record.acq, process);
  }
  return owners;
}
