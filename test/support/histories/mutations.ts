import type { History } from '../../../proof/history/history.js';
import type { JournalEvent, RecordedRecord } from '../../proof/torture/journal.mjs';

/** A history that did not happen, made of one that did. */
export interface Mutation {
  readonly what: string;
  readonly history: History;
}

/** A request with its answer, and where they stand. */
interface Exchange {
  readonly process: string;
  readonly sent: number;
  readonly answered: number;
  readonly record: RecordedRecord | undefined;
  readonly expected: RecordedRecord | undefined;
  readonly outcome: string;
}

/** Every history in which one line, or one whole request, is missing that the lines around it rest on. */
export function withoutLines(history: History): Mutation[] {
  const owners = ownersIn(history);
  const exchanges = exchangesIn(history).filter(({ outcome }) => outcome === 'won');
  const acquired = exchanges.filter(({ record, expected }) => isAcquisition(record, expected));
  const released = exchanges.filter(
    ({ process, record, expected }) =>
      expected && !expected.free && (!record || record.free) && owners.get(expected.acq) === process,
  );
  const cut = (what: string, { process, sent, answered }: Exchange): Mutation[] => [
    { what: `the request of ${what} is missing`, history: cutOut(history, process, [sent]) },
    { what: `the answer to ${what} is missing`, history: cutOut(history, process, [answered]) },
    { what: `${what} is missing`, history: cutOut(history, process, [sent, answered]) },
  ];
  return [
    ...acquired.flatMap((each) => cut('an acquisition', each)),
    ...released.flatMap((each) => cut('a release', each)),
    ...places(history, ({ kind }) => kind === 'enter' || kind === 'released').map(([process, at, { kind }]) => ({
      what: `a line "${kind}" is missing`,
      history: cutOut(history, process, [at]),
    })),
  ];
}

/** Every history in which two lines of one process that follow one another are swapped, as they are. */
export function withSwappedLines(history: History): Mutation[] {
  return places(history, () => true).flatMap(([process, at, { kind }]) => {
    const events = [...(history.get(process) ?? [])];
    const [one, other] = events.slice(at, at + 2);
    if (!one || !other || one.at === other.at) return [];
    events.splice(at, 2, other, one);
    return { what: `"${kind}" and "${other.kind}" are swapped`, history: changed(history, process, events) };
  });
}

/** Every history in which two neighbours of one process that depend on one another happened in the other order. */
export function withSwappedEvents(history: History): Mutation[] {
  return places(history, () => true).flatMap(([process, at]) => {
    const events = [...(history.get(process) ?? [])];
    const [one, other] = events.slice(at, at + 2);
    if (!one || !other || !dependsOn(one, other)) return [];
    events.splice(at, 2, { ...other, at: one.at }, { ...one, at: other.at });
    return { what: `"${other.kind}" before "${one.kind}"`, history: changed(history, process, events) };
  });
}

function dependsOn(one: JournalEvent, other: JournalEvent): boolean {
  if (one.kind === 'send' && other.kind === 'answer') return one.call === other.call;
  if (one.kind === 'answer' && other.kind === 'enter') return one.outcome === 'won' && !one.found;
  return one.kind === 'leave' && other.kind === 'send' && other.op !== 'read';
}

/** Those that change what only one process wrote, which was not killed: a kill explains lines that are missing at the end. */
export function ofSurvivors(history: History, mutations: readonly Mutation[]): Mutation[] {
  const killed = new Set(
    [...history.values()].flat().flatMap((event) => (event.kind === 'ended' && event.killed ? [event.process] : [])),
  );
  const isWhole = (changed: History): boolean =>
    [...history].every(([process, events]) => changed.get(process) === events || !killed.has(process));
  return mutations.filter((each) => isWhole(each.history));
}

/** Every history in which an acquisition got the token of the one before it. */
export function withFallingTokens(history: History): Mutation[] {
  const acquired = exchangesIn(history).filter(({ record, expected }) => isAcquisition(record, expected));
  return acquired.flatMap(({ record, expected, outcome }) => {
    if (outcome !== 'won' || !record || !expected?.token) return [];
    const { acq } = record;
    const fallen = <T extends RecordedRecord | undefined>(each: T): T =>
      each?.acq === acq ? { ...each, token: expected.token } : each;
    return { what: 'a token is given twice', history: mapped(history, fallen) };
  });
}

/** Every history in which somebody is told that it has a lock which somebody else has. */
export function withTwoHolders(history: History): Mutation[] {
  const lost = exchangesIn(history).filter(({ record, expected }) => isAcquisition(record, expected));
  return lost.flatMap(({ process, answered, outcome }) => {
    const events = [...(history.get(process) ?? [])];
    const answer = events[answered];
    if (outcome !== 'lost' || answer?.kind !== 'answer') return [];
    events[answered] = { ...answer, outcome: 'won' };
    return { what: 'a loser won', history: changed(history, process, events) };
  });
}

/** Every history in which a holder goes on after its release until the next holder has proved that it has the lock. */
export function withLateHolders(history: History): Mutation[] {
  const releases = places(history, (event) => event.kind === 'released' && event.ours);
  return releases.flatMap(([process, at, event]) => {
    if (event.kind !== 'released') return [];
    const events = [...(history.get(process) ?? [])];
    const late = { kind: 'held', at: String(BigInt(event.at) - 1n), tenure: event.tenure } as const;
    events.splice(at, 0, late);
    return { what: 'a holder goes on while it releases', history: changed(history, process, events) };
  });
}

function isAcquisition(record: RecordedRecord | undefined, expected: RecordedRecord | undefined): boolean {
  return record !== undefined && !record.free && record.acq !== expected?.acq;
}

function ownersIn(history: History): ReadonlyMap<string, string> {
  const acquired = exchangesIn(history).filter(({ record, expected }) => isAcquisition(record, expected));
  return new Map(acquired.map(({ record, process }) => [record?.acq ?? '', process]));
}

function exchangesIn(history: History): Exchange[] {
  const sends = places(history, ({ kind }) => kind === 'send');
  const records = new Map(
    sends.flatMap(([, , event]) =>
      'record' in event && event.record ? [[event.record.id, event.record] as const] : [],
    ),
  );
  const answers = new Map(
    places(history, ({ kind }) => kind === 'answer').map(([process, at, event]) => [
      `${process} ${String('call' in event && event.call)}`,
      { at, outcome: 'outcome' in event ? event.outcome : '' },
    ]),
  );
  return sends.flatMap(([process, sent, event]) => {
    const answer = 'call' in event ? answers.get(`${process} ${String(event.call)}`) : undefined;
    if (event.kind !== 'send' || event.op === 'read' || !answer) return [];
    const expected = event.expect === undefined ? undefined : records.get(event.expect);
    return { process, sent, answered: answer.at, record: event.record, expected, outcome: answer.outcome };
  });
}

function places(
  history: History,
  isWanted: (event: JournalEvent) => boolean,
): (readonly [process: string, at: number, event: JournalEvent])[] {
  return [...history].flatMap(([process, events]) =>
    events.flatMap((event, at) => (isWanted(event) ? [[process, at, event] as const] : [])),
  );
}

function changed(history: History, process: string, events: readonly JournalEvent[]): History {
  return new Map([...history, [process, events]]);
}

function cutOut(history: History, process: string, lines: readonly number[]): History {
  return changed(
    history,
    process,
    (history.get(process) ?? []).filter((_, at) => !lines.includes(at)),
  );
}

function mapped(history: History, change: <T extends RecordedRecord | undefined>(record: T) => T): History {
  const events = (all: readonly JournalEvent[]): readonly JournalEvent[] =>
    all.map((event) => {
      if (event.kind === 'send') return { ...event, record: change(event.record) };
      return event.kind === 'answer' ? { ...event, found: change(event.found) } : event;
    });
  return new Map([...history].map(([process, all]) => [process, events(all)]));
}
