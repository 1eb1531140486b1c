import { VfsError } from '../../vfs/errors.js';
import { resolveSignal } from '../../lock/model/options.js';
import { ProbeContext, ProbeFailed } from './probe-context.js';
import { PROBES, type Probe } from './probes.js';
import { openFolder, type Location } from '../../open.js';
import { pathIn, type Folder } from '../../vfs/path.js';

/** One thing that was tried. */
export interface Check {
  readonly name: string;
  /** What depends on it: locks, or only what is done with the files of an inbox. */
  readonly concerns: 'locks' | 'files';
  /**
   * `'ok'`; `'wrong'`: the store does not do what it claims; `'failed'`: it could not be tried; `'none'`: the store says itself
   * that it cannot; `'note'`: nothing that endangers a lock, but worth knowing.
   */
  readonly verdict: 'ok' | 'wrong' | 'failed' | 'none' | 'note';
  /** What was found, in words. */
  readonly found: string;
  readonly durationMs: number;
}

/** What `doctor` found out about a folder in a store. */
export interface Diagnosis {
  readonly location: string;
  readonly backend: string;
  /** `'safe'`: locks exclude there, as far as trying can tell. `'unsafe'`: they do not, or cannot be made. `'unproved'`: it could not be tried. */
  readonly verdict: 'safe' | 'unsafe' | 'unproved';
  /** The verdict and its reasons, a sentence each. */
  readonly words: readonly string[];
  readonly checks: readonly Check[];
  /** The median of how long each operation took, in milliseconds. */
  readonly roundTripMs: Readonly<Partial<Record<'read' | 'create' | 'replace' | 'remove', number>>>;
  /** By how much the store's clock is ahead of this machine's, which no lock depends on. Undefined: it does not tell its time. */
  readonly clockAheadMs: number | undefined;
  /** Scratch files that could not be removed. */
  readonly leftBehind: readonly string[];
}

export interface DoctorOptions {
  /** Told of each check as it is done. */
  readonly onCheck?: (check: Check) => void;
  readonly signal?: AbortSignal;
}

/**
 * Tries in a folder, with scratch files that it removes, whether its store does what locks rest on: of two who create, replace
 * or remove one wins, also when sixteen try at once. What the store claims is believed of nothing. Rejects only when the location
 * is none or the signal aborts.
 */
export async function doctor(location: Location, options: DoctorOptions = {}): Promise<Diagnosis> {
  const signal = resolveSignal(options);
  const folder = await openFolder(location);
  const bench = new ProbeContext(folder, signal);
  await assertListed(folder, signal);
  const checks: Check[] = [];
  try {
    for (const examination of PROBES) {
      const check = await examine(examination, bench);
      signal?.throwIfAborted();
      checks.push(check);
      options.onCheck?.(check);
    }
  } catch (error) {
    await bench.clear();
    throw error;
  }
  return diagnosisOf(folder, bench, checks, await bench.clear());
}

/** Denials are for the checks to tell; nothing can be tried where there is no such folder, or no connection. */
async function assertListed({ vfs, path }: Folder, signal: AbortSignal | undefined): Promise<void> {
  try {
    for await (const _entry of vfs.list(path, { signal })) break;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_DENIED') throw error;
  }
}

async function examine({ name, concerns, needs, run: perform }: Probe, bench: ProbeContext): Promise<Check> {
  const startedMs = performance.now();
  const outcome = async (): Promise<Pick<Check, 'verdict' | 'found'>> => {
    const lack = needs?.(bench.vfs.capabilities);
    if (lack !== undefined) return { verdict: 'none', found: lack };
    try {
      const { note, found } = await perform(bench);
      return { verdict: note ? 'note' : 'ok', found };
    } catch (error) {
      if (error instanceof ProbeFailed) return { verdict: 'wrong', found: error.message };
      if (!(error instanceof VfsError)) throw error;
      return { verdict: error.code === 'ERR_VFS_UNSUPPORTED' ? 'wrong' : 'failed', found: error.message };
    }
  };
  return { name, concerns, ...(await outcome()), durationMs: performance.now() - startedMs };
}

function diagnosisOf(
  folder: Folder,
  bench: ProbeContext,
  checks: readonly Check[],
  leftBehind: readonly string[],
): Diagnosis {
  const { vfs } = folder;
  const { create, replace } = vfs.capabilities;
  const came = (to: Check['verdict'], concerns: Check['concerns']): boolean =>
    checks.some((check) => check.verdict === to && check.concerns === concerns);
  const unsafe = came('wrong', 'locks') || create === 'none' || replace === 'none';
  const verdict = unsafe ? 'unsafe' : came('failed', 'locks') ? 'unproved' : 'safe';
  const files = came('wrong', 'files') ? ['Do not move files here: one may overwrite another.'] : [];
  const doubt = verdict === 'safe' && vfs.capabilities.caveat !== undefined ? [vfs.capabilities.caveat] : [];
  return {
    location: folder.path === '' ? vfs.locate(pathIn(folder, '.')).replace(/\.$/, '') : vfs.locate(folder.path),
    backend: vfs.scheme,
    verdict,
    words: [doubt.length > 0 ? AS_FAR_AS_TRIED : WORDS[verdict], ...doubt, ...files, ...problemsIn(checks)],
    checks,
    roundTripMs: bench.roundTripMs,
    clockAheadMs: bench.clockAheadMs,
    leftBehind,
  };
}

/** What was found by several checks is said once. */
function problemsIn(checks: readonly Check[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { verdict, name, found } of checks) {
    if (verdict !== 'ok') names.set(found, [...(names.get(found) ?? []), name]);
  }
  return [...names].map(([found, each]) => `${each.join(', ')}: ${found}`);
}

const WORDS: Readonly<Record<Diagnosis['verdict'], string>> = {
  safe: 'Locks are safe here: all that exclusion rests on was tried and held.',
  unsafe: 'Do not lock here: two holders at once are possible, or no lock can be made.',
  unproved: 'It is not known whether locks are safe here: not everything could be tried.',
};

const AS_FAR_AS_TRIED =
  'Locks are safe here as far as trying can tell: all that exclusion rests on was tried and held.';
