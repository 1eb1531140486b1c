// @ts-check

/**
 * Tells from the journals alone, asking no library, whether two processes held one lock at one time.
 *
 * The claim of a tenure is the span in which its holder is *proved* to have been told that it holds: from the stamp taken
 * after the acquisition returned (if any check passed after it), to the stamp of the last check that passed, or, when the
 * release answered that the lock was still ours, to the stamp taken before the release was asked for. Every check is
 * stamped before it is made, so a process that is stopped between the two, or between the check and the journal, can only
 * make a claim shorter than the truth, never longer: whenever two claims on one lock meet, both holders really were told
 * that they hold it, at one instant. No such pair is excused.
 *
 * The presence of a tenure is the span in which the holder may still have been at work: from the same beginning to the
 * moment when it learned of its loss, asked for the release, or was dead. A kill ends it when the death was seen, which is
 * the late and therefore careful bound. Presences may meet where the claim had ended and the holder learned so from its own
 * next check, from its release, or died before it could ask. These are counted as excused, and everything else is not.
 *
 * @typedef {import('./journal.mjs').JournalEvent} JournalEvent
 * @typedef {import('./journal.mjs').From} From
 * @typedef {{ process: string, pid: number, at: bigint, deadAt: bigint }} Kill asked for at `at`, seen dead at `deadAt`
 * @typedef {{ process: string, at: bigint, untilAt: bigint }} Stop seen stopped at `at`, continued at `untilAt`
 * @typedef {{ pid: number, at: bigint }} Parting asked at `at` to come to its end by itself
 * @typedef {'released' | 'lost' | 'killed' | 'open' | 'contradicted'} End
 * @typedef {{ tenure: string, process: string, lock: string, leaseMs: number, from: From | undefined,
 *   enteredAt: bigint, checks: number, claimedUntil: bigint | undefined, presentUntil: bigint, end: End }} Tenure
 * @typedef {{ acquisitions: number, refusals: number, checks: number, goodReleases: number, losses: number,
 *   steals: Record<string, number>, kills: number, killedHolders: number, stops: number, stopsPastLease: number,
 *   overlaps: number, excusedOverlaps: number, violations: string[] }} Verdict
 */

/**
 * @param {Map<string, JournalEvent[]>} journals by process
 * @param {readonly Kill[]} kills
 * @param {readonly Stop[]} stops
 * @param {readonly Parting[]} partings of processes that may leave a lock behind unknowingly: a store that is far away can do
 *   what it was asked after whoever asked has given up and gone
 * @returns {Verdict}
 */
export function judge(journals, kills, stops, partings = []) {
  const deaths = new Map(kills.map((kill) => [kill.process, kill]));
  const tenures = [...journals].flatMap(([process, events]) => tenuresOf(process, events, deaths.get(process)));
  const events = [...journals.values()].flat();
  const troubles = events.flatMap((event) => (event.kind === 'trouble' ? [event.message] : []));
  const overlaps = [...groupBy(tenures, (tenure) => tenure.lock).values()].flatMap(overlapsOf);
  const forbidden = overlaps.filter(({ excused }) => !excused);
  const pastLease = stops.flatMap((stop) => heldThrough(tenures, stop).map((tenure) => ({ tenure, stop })));
  return {
    acquisitions: tenures.length,
    refusals: events.filter((event) => event.kind === 'refused').length,
    checks: tenures.reduce((sum, tenure) => sum + tenure.checks, 0),
    goodReleases: tenures.filter((tenure) => tenure.end === 'released').length,
    losses: tenures.filter((tenure) => tenure.end === 'lost').length,
    steals: countBy(tenures.flatMap(({ from }) => (from ? [from.reason] : []))),
    kills: kills.length,
    killedHolders: tenures.filter((tenure) => tenure.end === 'killed').length,
    stops: stops.length,
    stopsPastLease: pastLease.length,
    overlaps: forbidden.length,
    excusedOverlaps: overlaps.length - forbidden.length,
    violations: [
      ...troubles,
      ...forbidden.map(({ earlier, later }) => `overlap on ${earlier.lock}: ${shown(earlier)} and ${shown(later)}`),
      ...tenures.filter(({ end }) => end === 'open').map((tenure) => `neither ended nor killed: ${shown(tenure)}`),
      ...tenures.filter(({ end }) => end === 'contradicted').map((tenure) => `lost, then released: ${shown(tenure)}`),
      ...pastLease.flatMap(({ tenure, stop }) => claimsAfter(tenure, stop)),
      ...wrongSteals(tenures, [...kills, ...partings]),
    ],
  };
}

/**
 * @param {string} process
 * @param {readonly JournalEvent[]} events
 * @param {Kill | undefined} kill
 * @returns {Tenure[]}
 */
function tenuresOf(process, events, kill) {
  /** @type {Map<string, Tenure>} */
  const tenures = new Map();
  for (const event of events) {
    if (!('tenure' in event)) continue;
    const at = BigInt(event.at);
    if (event.kind === 'enter') {
      const { tenure, lock, leaseMs, from } = event;
      const beginning = { enteredAt: at, checks: 0, claimedUntil: undefined, presentUntil: at };
      tenures.set(tenure, { tenure, process, lock, leaseMs, from, ...beginning, end: 'open' });
      continue;
    }
    const tenure = tenures.get(event.tenure);
    if (tenure === undefined) throw new Error(`${process} wrote of ${event.tenure} before it entered`);
    if (event.kind !== 'released') tenure.presentUntil = at;
    if (event.kind === 'held') {
      tenure.checks += 1;
      tenure.claimedUntil = at;
    } else if (event.kind === 'lost') {
      tenure.end = 'lost';
    } else if (event.kind === 'released') {
      if (event.ours) tenure.claimedUntil = tenure.presentUntil;
      tenure.end = !event.ours ? 'lost' : tenure.end === 'lost' ? 'contradicted' : 'released';
    }
  }
  for (const tenure of tenures.values()) {
    if (tenure.end !== 'open' || kill === undefined) continue;
    tenure.end = 'killed';
    tenure.presentUntil = kill.deadAt;
  }
  return [...tenures.values()];
}

/**
 * @param {readonly Tenure[]} tenures of one lock
 * @returns {{ earlier: Tenure, later: Tenure, excused: boolean }[]}
 */
function overlapsOf(tenures) {
  const inOrder = [...tenures].sort((one, other) => (one.enteredAt < other.enteredAt ? -1 : 1));
  return inOrder.flatMap((earlier, place) => {
    const later = inOrder.slice(place + 1);
    const clear = later.findIndex(({ enteredAt }) => enteredAt > latest(earlier));
    return later
      .slice(0, clear === -1 ? undefined : clear)
      .filter((tenure) => tenure.enteredAt <= earlier.presentUntil || claimsMeet(earlier, tenure))
      .map((tenure) => ({ earlier, later: tenure, excused: isExcused(earlier, tenure) }));
  });
}

/** @param {Tenure} tenure */
function latest({ presentUntil, claimedUntil = presentUntil }) {
  return claimedUntil > presentUntil ? claimedUntil : presentUntil;
}

/**
 * @param {Tenure} earlier
 * @param {Tenure} later
 */
function claimsMeet(earlier, later) {
  return (
    earlier.claimedUntil !== undefined && later.claimedUntil !== undefined && later.enteredAt <= earlier.claimedUntil
  );
}

/**
 * @param {Tenure} earlier
 * @param {Tenure} later
 */
function isExcused(earlier, later) {
  const gaveUp = (/** @type {Tenure} */ { end }) => end === 'lost' || end === 'killed';
  if (claimsMeet(earlier, later)) return false;
  // The later one may have won first, been stopped before it could say so, and learned at the door that it is too late.
  return gaveUp(earlier) || (later.claimedUntil === undefined && gaveUp(later));
}

/**
 * @param {readonly Tenure[]} tenures
 * @param {Stop} stop
 * @returns {Tenure[]} those of the stopped process whose whole lease went by meanwhile, with nobody there to renew it
 */
function heldThrough(tenures, { process, at, untilAt }) {
  return tenures.filter(
    (tenure) =>
      tenure.process === process &&
      tenure.enteredAt < at &&
      (tenure.presentUntil > at || tenure.end === 'open') &&
      untilAt - at > BigInt(tenure.leaseMs) * 1_000_000n,
  );
}

/**
 * @param {Tenure} tenure
 * @param {Stop} stop
 * @returns {string[]}
 */
function claimsAfter(tenure, { at }) {
  const claimed = tenure.claimedUntil !== undefined && tenure.claimedUntil > at;
  return claimed ? [`claimed after a stop that was longer than its lease: ${shown(tenure)}`] : [];
}

/**
 * Each record is taken over once, never for its process's death while nobody had yet ended that process, and never for
 * being unreadable, as nobody here writes anything but whole records.
 *
 * @param {readonly Tenure[]} tenures
 * @param {readonly Parting[]} deaths
 * @returns {string[]}
 */
function wrongSteals(tenures, deaths) {
  const ended = new Map(deaths.map((death) => [death.pid, death]));
  const thefts = tenures.flatMap((thief) => (thief.from ? [{ thief, ...thief.from }] : []));
  const twice = [...groupBy(thefts, ({ nonce }) => String(nonce)).values()].filter((same) => same.length > 1);
  return [
    ...twice.map((same) => `taken over more than once: ${same.map(({ thief }) => shown(thief)).join(', ')}`),
    ...thefts.flatMap(({ thief, reason, pid }) => {
      if (reason === 'expired') return [];
      const death = ended.get(Number(pid));
      if (reason === 'dead-process' && death && death.at < thief.enteredAt) return [];
      return [`taken over as ${reason}, which process ${String(pid)} was not: ${shown(thief)}`];
    }),
  ];
}

/** @param {Tenure} tenure */
function shown({ tenure, enteredAt, claimedUntil, presentUntil, end, checks }) {
  const ms = (/** @type {bigint | undefined} */ at) =>
    at === undefined ? 'nothing' : `+${(Number(at - enteredAt) / 1e6).toFixed(3)} ms`;
  const times = `entered ${String(enteredAt)} ns, claimed until ${ms(claimedUntil)}, present until ${ms(presentUntil)}`;
  return `${tenure} (${times}, ${String(checks)} checks, ${end})`;
}

/**
 * @template T
 * @template K
 * @param {readonly T[]} items
 * @param {(item: T) => K} keyOf
 * @returns {Map<K, T[]>}
 */
function groupBy(items, keyOf) {
  /** @type {Map<K, T[]>} */
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

/**
 * @param {readonly string[]} words
 * @returns {Record<string, number>}
 */
function countBy(words) {
  return Object.fromEntries([...groupBy(words, (word) => word)].map(([word, same]) => [word, same.length]));
}
