import { monotonicMs, wallMs } from '../../util/time.js';
import { sleep } from '../../util/sleep.js';
import { effectOf } from '../../vfs/errors.js';
import type { Capabilities } from '../../vfs/vfs.js';
import { longNames, ownChanges } from './own-changes.js';
import { type ProbeContext, ProbeFailed } from './probe-context.js';
import { unconditional } from './unconditional.js';

/** One test of a store. */
export interface Probe {
  readonly name: string;
  readonly concerns: 'locks' | 'files';
  /** Says what the store admits that it cannot do. Undefined: nothing that this probe needs. */
  readonly needs?: (capabilities: Capabilities) => string | undefined;
  readonly run: (context: ProbeContext) => Promise<{ readonly found: string; readonly note?: boolean }>;
}

const CONTENDERS = 16;
const LEAST_ROUNDS = 3;
const MOST_ROUNDS = 30;
/** More than the least rounds are run only where they all fit into this time. */
const ROUNDS_MS = 1000;
const CLOCK_PAUSE_MS = 100;
/** Several machines may answer for one store, each by its own clock, so the time is asked this often. */
const CLOCK_QUESTIONS = 4;
/** A machine that is busy, or suspended for a moment, is no difference between clocks. */
const CLOCK_SLACK_MS = 1000;

const creates = ({ create }: Capabilities): string | undefined =>
  create === 'none' ? 'the store has no conditional create' : undefined;
const replaces = (capabilities: Capabilities): string | undefined =>
  creates(capabilities) ?? (capabilities.replace === 'none' ? 'the store has no conditional replace' : undefined);
const removes = (capabilities: Capabilities): string | undefined =>
  creates(capabilities) ??
  (capabilities.remove === 'none'
    ? 'the store has no conditional remove: locks are released by tombstones'
    : undefined);

export const PROBES: readonly Probe[] = [
  { name: 'permissions', concerns: 'locks', run: permissions },
  { name: 'two creates', concerns: 'locks', needs: creates, run: twoCreates },
  { name: 'stale replace', concerns: 'locks', needs: replaces, run: staleReplace },
  { name: 'stale remove', concerns: 'locks', needs: removes, run: staleRemove },
  { name: 'renewal, release, takeover', concerns: 'locks', needs: removes, run: ownChanges },
  { name: 'long names', concerns: 'locks', needs: removes, run: longNames },
  { name: `race of ${String(CONTENDERS)} creates`, concerns: 'locks', needs: creates, run: raceOfCreates },
  { name: `race of ${String(CONTENDERS)} replaces`, concerns: 'locks', needs: replaces, run: raceOfReplaces },
  { name: `race of ${String(CONTENDERS)} removes`, concerns: 'locks', needs: removes, run: raceOfRemoves },
  {
    name: `race of ${String(CONTENDERS)} replaces and removes`,
    concerns: 'locks',
    needs: removes,
    run: raceOfReplacesAndRemoves,
  },
  { name: 'clock', concerns: 'locks', needs: creates, run: clock },
  { name: 'moves', concerns: 'files', run: moves },
  { name: 'writes by strangers', concerns: 'locks', needs: creates, run: unconditional },
  { name: 'durability', concerns: 'locks', run: durability },
];

async function permissions(context: ProbeContext) {
  const { vfs, signal } = context;
  if (context.refusal) throw context.refusal;
  const path = context.fresh();
  const data = context.content();
  await vfs.write(path, data, { signal }).catch((error: unknown) => {
    if (effectOf(error) === 'unknown') context.touch();
    throw error;
  });
  context.touch();
  await context.holds(path, data, 'a write');
  await vfs.delete(path, { signal });
  await context.holds(path, undefined, 'a delete');
  return { found: 'files can be listed, written, read and deleted' };
}

async function twoCreates(context: ProbeContext) {
  const path = context.fresh();
  const data = context.content();
  await context.created(path, data);
  await context.holds(path, data, 'a create');
  if (await context.create(path, context.content()))
    throw new ProbeFailed('a second create wins, as if the file did not exist');
  await context.holds(path, data, 'a second create, which lost,');
  return { found: 'the second one loses and changes nothing' };
}

async function staleReplace(context: ProbeContext) {
  const path = context.fresh();
  const [old, current] = [context.content(), context.content()];
  const first = await context.created(path, old);
  if (!(await context.replace(path, first, current))) throw new ProbeFailed('a replace of the current version loses');
  await context.holds(path, current, 'a replace');
  if (await context.replace(path, first, old)) throw new ProbeFailed('a replace of an old version wins');
  await context.holds(path, current, 'a replace of an old version, which lost,');
  return { found: 'it loses and changes nothing' };
}

async function staleRemove(context: ProbeContext) {
  const path = context.fresh();
  const current = context.content();
  const first = await context.created(path, context.content());
  await context.vfs.write(path, current, { signal: context.signal });
  if (await context.remove(path, first)) throw new ProbeFailed('a remove of an old version wins');
  await context.holds(path, current, 'a remove of an old version, which lost,');
  const snapshot = await context.read(path);
  if (!snapshot || !(await context.remove(path, snapshot.version)))
    throw new ProbeFailed('a remove of the current version loses');
  await context.holds(path, undefined, 'a remove');
  return { found: 'it loses and changes nothing' };
}

function raceOfCreates(context: ProbeContext) {
  return inRounds(context, async () => {
    const path = context.fresh();
    const offers = Array.from({ length: CONTENDERS }, () => context.content());
    const { signal } = context;
    const written = await settleAll(offers.map((offer) => context.vfs.create(path, offer, { signal })));
    const winner = onlyWinner(written.map((each) => each !== undefined));
    await context.holds(path, offers[winner], 'a race of creates');
  });
}

function raceOfReplaces(context: ProbeContext) {
  return inRounds(context, async () => {
    const path = context.fresh();
    const version = await context.created(path, context.content());
    const offers = Array.from({ length: CONTENDERS }, () => context.content());
    const { signal } = context;
    const written = await settleAll(offers.map((offer) => context.vfs.replace(path, version, offer, { signal })));
    const winner = onlyWinner(written.map((each) => each !== undefined));
    await context.holds(path, offers[winner], 'a race of replaces');
  });
}

function raceOfRemoves(context: ProbeContext) {
  return inRounds(context, async () => {
    const path = context.fresh();
    const version = await context.created(path, context.content());
    const { vfs, signal } = context;
    const removed = await settleAll(Array.from({ length: CONTENDERS }, () => vfs.remove(path, version, { signal })));
    onlyWinner(removed);
    await context.holds(path, undefined, 'a race of removes');
  });
}

/** A takeover against a late release: a remove that checked the version before the replace must not act after it. */
function raceOfReplacesAndRemoves(context: ProbeContext) {
  return inRounds(context, async (round) => {
    const path = context.fresh();
    const version = await context.created(path, context.content());
    const offers = Array.from({ length: CONTENDERS }, (_, n) => (n % 2 === round % 2 ? context.content() : undefined));
    const { vfs, signal } = context;
    const calls = offers.map(async (offer) =>
      offer
        ? (await vfs.replace(path, version, offer, { signal })) !== undefined
        : vfs.remove(path, version, { signal }),
    );
    const winner = onlyWinner(await settleAll(calls));
    await context.holds(path, offers[winner], 'a race of replaces and removes');
  });
}

/** Waits until every call has ended, also if one fails. */
async function settleAll<T>(calls: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(calls);
  return await Promise.all(calls);
}

/** Runs a race a few times, and more often where that takes little time. */
async function inRounds(context: ProbeContext, race: (round: number) => Promise<void>) {
  const startedMs = monotonicMs();
  let rounds = 0;
  while (rounds < LEAST_ROUNDS || (rounds < MOST_ROUNDS && monotonicMs() - startedMs < ROUNDS_MS)) {
    await race(rounds);
    rounds += 1;
    context.races += 1;
  }
  return { found: `exactly one won, ${String(rounds)} times` };
}

function onlyWinner(won: readonly boolean[]): number {
  const winners = won.filter(Boolean).length;
  if (winners !== 1) throw new ProbeFailed(`${String(winners)} of ${String(won.length)} won, where exactly one may`);
  return won.indexOf(true);
}

/** Locks become stale by the age of their files, so files must age as fast as this machine's clock runs. */
async function clock(context: ProbeContext) {
  const { source, resolutionMs, except } = context.vfs.capabilities.clock;
  const path = context.fresh();
  const beforeMs = monotonicMs();
  await context.created(path, context.content());
  const writtenMs = monotonicMs();
  await sleep(CLOCK_PAUSE_MS + resolutionMs, context.signal);
  const leastMs = monotonicMs() - writtenMs;
  const snapshot = await context.read(path, { clock: true });
  if (snapshot?.nowMs === undefined) {
    const reason = except === undefined ? '' : ` that clients share (${except}, so age is watched)`;
    const found = `the store has no clock${reason}: a lock is stale once it was observed unchanged for its lease`;
    if (source === 'none' || except !== undefined) return { found, note: true };
    throw new ProbeFailed('the store claims to have a clock, and returns no time');
  }
  context.clockAheadMs = await agreedTime(context, path, snapshot.nowMs - wallMs());
  const ageMs = snapshot.nowMs - snapshot.modifiedMs;
  const mostMs = monotonicMs() - beforeMs;
  const slackMs = 2 * resolutionMs + 20 + mostMs / 100;
  if (ageMs < leastMs - slackMs || ageMs > mostMs + slackMs) {
    const between = `between ${leastMs.toFixed()} and ${mostMs.toFixed()} ms`;
    throw new ProbeFailed(`a file written ${between} ago is reported as ${ageMs.toFixed()} ms old`);
  }
  return {
    found: `files age as time passes by the clock of the store, with a resolution of ${String(resolutionMs)} ms`,
  };
}

/**
 * How far the store's clock is ahead of ours, in milliseconds: 0 where the difference is no larger than the resolution explains, as
 * the store cuts its time off. Throws where its answers differ.
 */
async function agreedTime(context: ProbeContext, path: string, firstMs: number): Promise<number> {
  const { resolutionMs } = context.vfs.capabilities.clock;
  let [leastMs, mostMs] = [firstMs, firstMs];
  for (let question = 1; question < CLOCK_QUESTIONS; question += 1) {
    const startedMs = monotonicMs();
    const { nowMs } = (await context.read(path, { clock: true })) ?? {};
    if (nowMs === undefined) continue;
    const aheadMs = nowMs - wallMs();
    leastMs = Math.min(leastMs, aheadMs);
    // The time may have been read at any moment since the question was sent.
    mostMs = Math.max(mostMs, aheadMs - (monotonicMs() - startedMs));
  }
  const differenceMs = mostMs - leastMs;
  if (differenceMs > 2 * resolutionMs + CLOCK_SLACK_MS) {
    const found = `its answers differ by ${differenceMs.toFixed()} ms, as if several machines answered by clocks of their own`;
    throw new ProbeFailed(`${found}: a lock with a shorter lease can be taken from its holder`);
  }
  return firstMs > 0 ? firstMs : Math.min(0, firstMs + resolutionMs);
}

async function moves(context: ProbeContext) {
  const { vfs, signal } = context;
  const [from, to] = [context.fresh(), context.fresh()];
  const [moved, other] = [context.content(), context.content()];
  await vfs.write(from, moved, { signal });
  await vfs.move(from, to, { signal });
  await context.holds(to, moved, 'a move');
  await context.holds(from, undefined, 'a move');
  await vfs.write(from, other, { signal });
  const refused = await vfs.move(from, to, { signal }).then(
    () => false,
    () => true,
  );
  if (!refused) throw new ProbeFailed('a move overwrites an existing file');
  await context.holds(to, moved, 'a move onto it, which was refused,');
  return { found: 'a file is moved, and an existing one is never overwritten' };
}

function durability({ vfs }: ProbeContext) {
  const { durable } = vfs.capabilities;
  const found = durable
    ? 'files outlive this process'
    : 'files live in this process only, so locks exclude nobody else';
  return Promise.resolve({ found, note: !durable });
}
