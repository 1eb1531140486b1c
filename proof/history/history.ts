import type {
  Enter,
  JournalEvent,
  Moment,
  RecordedRecord,
  Released,
  Request,
} from '../../test/proof/torture/journal.mjs';

/** What the processes of a run wrote down, each in its own order. */
export type History = ReadonlyMap<string, readonly JournalEvent[]>;

/** A request about a lock file, with its answer. */
export interface Call extends Request {
  readonly process: string;
  readonly sentAt: number;
  /** Infinity: there was none. */
  answeredAt: number;
  /** Of a request without an answer: unknown. */
  outcome: 'won' | 'lost' | 'none' | 'unknown';
  /** What a read found; undefined: no file. */
  found: RecordedRecord | undefined;
}

/** A line of one process, with what it belongs to. `at` is in nanoseconds, by one clock for all processes. */
export type Step = { readonly at: number; readonly process: string } & (
  | { readonly kind: 'send' | 'answer'; readonly call: Call }
  | {
      readonly kind: 'api';
      readonly event: Enter | Moment | Released | { readonly kind: 'lost'; readonly tenure: string };
    }
  | { readonly kind: 'force'; readonly acq: string }
  | { readonly kind: 'ended'; readonly who: string }
);

/** Where a history is no behaviour of the model. */
export class Refusal extends Error {
  constructor(line: { readonly process: string; readonly at: number }, why: string) {
    super(`${line.process} at ${String(line.at)} ns: ${why}`);
  }
}

/** The history of a run, read line by line. */
export interface Steps {
  /** Of each process, in its own order. */
  readonly byProcess: ReadonlyMap<string, readonly Step[]>;
  readonly calls: readonly Call[];
  readonly killed: ReadonlySet<string>;
}

/**
 * Puts requests and answers together.
 *
 * @throws {Refusal} An answer without a request, a request that nobody waited for, or lines that are out of order.
 */
export function stepsOf(history: History): Steps {
  const ends = [...history.values()].flat().filter((event) => event.kind === 'ended');
  const killed = new Set(ends.filter((end) => end.killed).map(({ process }) => process));
  const calls: Call[] = [];
  const byProcess = new Map<string, readonly Step[]>();
  for (const [process, events] of history) {
    const open = new Map<number, Call>();
    events.reduce((before, event) => {
      const at = Number(event.at);
      if (at < before) throw new Refusal({ process, at }, 'this line stands after a younger one');
      return at;
    }, 0);
    const steps = events.flatMap((event) => stepOf(process, event, open) ?? []);
    byProcess.set(process, steps);
    calls.push(...steps.flatMap((step) => (step.kind === 'send' ? [step.call] : [])));
    const [unanswered] = open.values();
    if (unanswered && !killed.has(process)) throw refusedCall(unanswered, 'was never answered, and nobody was killed');
  }
  return { byProcess, calls, killed };
}

function stepOf(process: string, event: JournalEvent, open: Map<number, Call>): Step | undefined {
  const at = Number(event.at);
  const line = { process, at };
  switch (event.kind) {
    case 'send': {
      const { kind, call: number, at: _, ...request } = event;
      const call: Call = {
        ...request,
        process,
        sentAt: at,
        answeredAt: Infinity,
        outcome: 'unknown',
        found: undefined,
      };
      if (open.has(number)) throw refusedCall(call, 'was made twice');
      open.set(number, call);
      return { ...line, kind, call };
    }
    case 'answer': {
      const { kind, call: number, outcome, found } = event;
      const call = open.get(number);
      if (call === undefined) throw new Refusal(line, `an answer to nothing that was asked (${String(number)})`);
      open.delete(number);
      Object.assign(call, { answeredAt: at, outcome, found });
      return { ...line, kind, call };
    }
    case 'force':
      return { ...line, kind: 'force', acq: event.acq };
    case 'ended':
      return { ...line, kind: 'ended', who: event.process };
    case 'trouble':
      throw new Refusal(line, event.message);
    case 'refused':
      return undefined;
    default:
      return { ...line, kind: 'api', event };
  }
}

export function refusedCall({ process, sentAt: at, op, lock }: Call, why: string): Refusal {
  return new Refusal({ process, at }, `${op} ${lock} ${why}`);
}
