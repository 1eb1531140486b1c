import { sleep } from '../../util/sleep.js';
import type { Capabilities } from '../../vfs/vfs.js';
import { type ProbeContext, ProbeFailed } from './probe-context.js';

/** One thing to be tried, and what is to be said when it went well. */
export interface Probe {
  readonly name: string;
  readonly concerns: 'locks' | 'files';
  /** What the store says itself that it cannot do. */
  readonly needs?: (capabilities: Capabilities) => string | undefined;
  readonly run: (bench: ProbeContext) => Promise<{ readonly found: string; readonly note?: boolean }>;
}

const CONTENDERS = 16;
const ROUNDS = 3;
const CLOCK_PAUSE_MS = 100;

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
  { name: `race of ${String(CONTENDERS)} creates`, concerns: 'locks', needs: creates, run: raceOfCreates },
  { name: `race of ${String(CONTENDERS)} replaces`, concerns: 'locks', needs: replaces, run: raceOfReplaces },
  { name: `race of ${String(CONTENDERS)} removes`, concerns: 'locks', needs: removes, run: raceOfRemoves },
  {
    name: `race of ${String(CONTENDERS)} replaces and removes`,
    concerns: 'locks',
    needs: removes,
    run: raceOfBoth,
  },
  { name: 'clock', concerns: 'locks', needs: creates, run: clock },
  { name: 'moves', concerns: 'files', run: moves },
  { name: 'durability', concerns: 'locks', run: durability },
];

async function permissions(bench: ProbeContext) {
  const { vfs, folder, signal } = bench;
  const path = bench.fresh();
  const data = bench.content();
  for await (const _entry of vfs.list(folder.path, { signal })) break;
  await vfs.write(path, data, { signal });
  await bench.holds(path, data, 'a write');
  await vfs.delete(path, { signal });
  await bench.holds(path, undefined, 'a delete');
  return { found: 'files can be listed, written, read and deleted' };
}

async function twoCreates(bench: ProbeContext) {
  const path = bench.fresh();
  const data = bench.content();
  await bench.created(path, data);
  await bench.holds(path, data, 'a create');
  if (await bench.create(path, bench.content())) throw new ProbeFailed('a second create wins, as if no file was there');
  await bench.holds(path, data, 'a second create, which lost,');
  return { found: 'the second one loses and changes nothing' };
}

async function staleReplace(bench: ProbeContext) {
  const path = bench.fresh();
  const [old, present] = [bench.content(), bench.content()];
  const first = await bench.created(path, old);
  if (!(await bench.replace(path, first, present))) throw new ProbeFailed('a replace of the present version loses');
  await bench.holds(path, present, 'a replace');
  if (await bench.replace(path, first, old))
    throw new ProbeFailed('a replace of a version that is not there any more wins');
  await bench.holds(path, present, 'a replace of an old version, which lost,');
  return { found: 'it loses and changes nothing' };
}

async function staleRemove(bench: ProbeContext) {
  const path = bench.fresh();
  const present = bench.content();
  const first = await bench.created(path, bench.content());
  await bench.vfs.write(path, present, { signal: bench.signal });
  if (await bench.remove(path, first)) throw new ProbeFailed('a remove of a version that is not there any more wins');
  await bench.holds(path, present, 'a remove of an old version, which lost,');
  const snapshot = await bench.read(path);
  if (!snapshot || !(await bench.remove(path, snapshot.version)))
    throw new ProbeFailed('a remove of the present version loses');
  await bench.holds(path, undefined, 'a remove');
  return { found: 'it loses and changes nothing' };
}

async function raceOfCreates(bench: ProbeContext) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = bench.fresh();
    const offers = Array.from({ length: CONTENDERS }, () => bench.content());
    const { signal } = bench;
    const written = await together(offers.map((offer) => bench.vfs.create(path, offer, { signal })));
    const winner = onlyWinner(written.map((each) => each !== undefined));
    await bench.holds(path, offers[winner], 'a race of creates');
  }
  return RACED;
}

async function raceOfReplaces(bench: ProbeContext) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = bench.fresh();
    const version = await bench.created(path, bench.content());
    const offers = Array.from({ length: CONTENDERS }, () => bench.content());
    const { signal } = bench;
    const written = await together(offers.map((offer) => bench.vfs.replace(path, version, offer, { signal })));
    const winner = onlyWinner(written.map((each) => each !== undefined));
    await bench.holds(path, offers[winner], 'a race of replaces');
  }
  return RACED;
}

async function raceOfRemoves(bench: ProbeContext) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = bench.fresh();
    const version = await bench.created(path, bench.content());
    const { vfs, signal } = bench;
    const removed = await together(Array.from({ length: CONTENDERS }, () => vfs.remove(path, version, { signal })));
    onlyWinner(removed);
    await bench.holds(path, undefined, 'a race of removes');
  }
  return RACED;
}

/** A takeover against a late release: a remove that judged before the replace must not act after it. */
async function raceOfBoth(bench: ProbeContext) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = bench.fresh();
    const version = await bench.created(path, bench.content());
    const offers = Array.from({ length: CONTENDERS }, (_, n) => (n % 2 === round % 2 ? bench.content() : undefined));
    const { vfs, signal } = bench;
    const calls = offers.map(async (offer) =>
      offer
        ? (await vfs.replace(path, version, offer, { signal })) !== undefined
        : vfs.remove(path, version, { signal }),
    );
    const winner = onlyWinner(await together(calls));
    await bench.holds(path, offers[winner], 'a race of replaces and removes');
  }
  return RACED;
}

/** All answers, once nothing is under way any more. */
async function together<T>(calls: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(calls);
  return await Promise.all(calls);
}

const RACED = { found: `${String(ROUNDS)} times, exactly one won` };

function onlyWinner(won: readonly boolean[]): number {
  const winners = won.filter(Boolean).length;
  if (winners !== 1) throw new ProbeFailed(`${String(winners)} of ${String(won.length)} won, where exactly one may`);
  return won.indexOf(true);
}

/** A lock is stale when its file is so old: what the store says of age has to be what goes by. */
async function clock(bench: ProbeContext) {
  const { source, resolutionMs } = bench.vfs.capabilities.clock;
  const path = bench.fresh();
  const beforeMs = performance.now();
  await bench.created(path, bench.content());
  const writtenMs = performance.now();
  await sleep(CLOCK_PAUSE_MS + resolutionMs, bench.signal);
  const leastMs = performance.now() - writtenMs;
  const snapshot = await bench.read(path, { clock: true });
  if (snapshot?.nowMs === undefined) {
    const found = 'the store tells no time: a lock is stale once it was watched unchanged for its lease';
    if (source === 'none') return { found, note: true };
    throw new ProbeFailed('the store has a clock, and does not tell its time');
  }
  bench.clockAheadMs = snapshot.nowMs - Date.now();
  const ageMs = snapshot.nowMs - snapshot.modifiedMs;
  const mostMs = performance.now() - beforeMs;
  const slackMs = 2 * resolutionMs + 20 + mostMs / 100;
  if (ageMs < leastMs - slackMs || ageMs > mostMs + slackMs) {
    const between = `between ${leastMs.toFixed()} and ${mostMs.toFixed()} ms`;
    throw new ProbeFailed(`a file written ${between} ago is said to be ${ageMs.toFixed()} ms old`);
  }
  return { found: `files age as time goes by, to the nearest ${String(resolutionMs)} ms` };
}

async function moves(bench: ProbeContext) {
  const { vfs, signal } = bench;
  const [from, to] = [bench.fresh(), bench.fresh()];
  const [moved, other] = [bench.content(), bench.content()];
  await vfs.write(from, moved, { signal });
  await vfs.move(from, to, { signal });
  await bench.holds(to, moved, 'a move');
  await bench.holds(from, undefined, 'a move');
  await vfs.write(from, other, { signal });
  const refused = await vfs.move(from, to, { signal }).then(
    () => false,
    () => true,
  );
  if (!refused) throw new ProbeFailed('a file is moved over another one');
  await bench.holds(to, moved, 'a move onto it, which was refused,');
  return { found: 'a file is moved, and never over another one' };
}

function durability({ vfs }: ProbeContext) {
  const { durable } = vfs.capabilities;
  const found = durable
    ? 'files outlive this process'
    : 'files live in this process only, so locks exclude nobody else';
  return Promise.resolve({ found, note: !durable });
}
