import { monotonicMs } from '../../util/time.js';
import { checkOptions, FUNCTION, SIGNAL, type OptionKinds } from '../../util/option-check.js';
import { VfsError, type VfsErrorCode } from '../../vfs/errors.js';
import { resolveSignal } from '../../lock/model/acquire-options.js';
import { ProbeContext, ProbeFailed } from './probe-context.js';
import { PROBES, type Probe } from './probes.js';
import { openFolder, type Location } from '../../open.js';
import { pathIn, type Folder } from '../../vfs/path.js';

/** The result of one test of the store. */
export interface Check {
  /** The name of the test, such as `'two creates'`. */
  readonly name: string;
  /** What depends on it: locks, or only moving the files of an inbox. */
  readonly concerns: 'locks' | 'files';
  /**
   * `'ok'`: the store does it. `'wrong'`: the store does not do what it claims. `'failed'`: it could not be tested. `'none'`: the
   * store says itself that it cannot do it. `'note'`: it does not endanger locks, but is worth knowing.
   */
  readonly verdict: 'ok' | 'wrong' | 'failed' | 'none' | 'note';
  /** The finding, in words. */
  readonly found: string;
  /** How long the test took, in milliseconds. */
  readonly durationMs: number;
}

/** What `doctor` found out about a folder in a store. */
export interface Diagnosis {
  /** The display path of the folder: an absolute path on the local disk, elsewhere a URI. */
  readonly location: string;
  /** The scheme of the store, such as `'file'` or `'s3'`. */
  readonly backend: string;
  /**
   * `'safe'`: all tests that locks depend on passed. `'unsafe'`: one failed, so two holders at once are possible or no lock can be
   * taken. `'unproved'`: not all of them could be run.
   */
  readonly verdict: 'safe' | 'unsafe' | 'unproved';
  /** The verdict and the reasons for it, one sentence each. */
  readonly words: readonly string[];
  /** The result of each test, in the order in which they ran. */
  readonly checks: readonly Check[];
  /** The median duration of each operation, in milliseconds. */
  readonly roundTripMs: Readonly<Partial<Record<'read' | 'create' | 'replace' | 'remove', number>>>;
  /**
   * How many milliseconds the store's clock is ahead of this machine's clock; 0 where they differ by no more than the resolution of
   * the store's clock. Locks do not depend on it. Undefined: the store has no clock.
   */
  readonly clockAheadMs: number | undefined;
  /** The display paths of scratch files that could not be removed. */
  readonly leftBehind: readonly string[];
}

/** Options of `doctor`. */
export interface DoctorOptions {
  /**
   * Called with the result of each test as soon as it is known.
   * @default none
   */
  readonly onCheck?: ((check: Check) => void) | undefined;
  /**
   * Aborts the diagnosis. Scratch files are removed first.
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

const DOCTOR_OPTIONS: OptionKinds<DoctorOptions> = { onCheck: FUNCTION, signal: SIGNAL };

/**
 * Tests whether locks are safe in a folder, whatever its store claims: of two clients that create, replace or remove a file, exactly
 * one must win, also when sixteen try at once. It also reports whether the store refuses to overwrite and delete a lock file without
 * a condition, as a bucket's policy can, so that programs that do not lock cannot do so by accident. It works with scratch files in the folder and removes them again.
 *
 * @throws {LockOptionError} if the location or an option cannot be used.
 * @throws {VfsError} if the folder does not exist or the store cannot be reached. A denied permission is reported in the diagnosis.
 * @throws the reason of `signal` if that aborts.
 * @example
 * const { verdict, words } = await doctor('/srv/inbox');
 * if (verdict !== 'safe') throw new Error(words.join('\n'));
 */
export async function doctor(location: Location, options: DoctorOptions = {}): Promise<Diagnosis> {
  checkOptions('doctor', options, DOCTOR_OPTIONS);
  const signal = resolveSignal(options);
  const folder = await openFolder(location);
  const context = new ProbeContext(folder, signal);
  const checks: Check[] = [];
  let isRefused = false;
  try {
    context.refusal = await listRefusal(folder, signal);
    for (const probe of PROBES) {
      const { code, ...check } = await runProbe(probe, context);
      signal?.throwIfAborted();
      checks.push(check);
      options.onCheck?.(check);
      isRefused = code === 'ERR_VFS_TIMEOUT' || (code === 'ERR_VFS_DENIED' && context.isUntouched);
      if (isRefused) break;
    }
  } catch (error) {
    await context.clear();
    throw error;
  }
  return diagnosisOf(folder, context, { checks, isRefused }, await context.clear());
}

/** Rejects if there is no such folder or no connection. A refused login, or permission, is returned, and not asked for again. */
async function listRefusal({ vfs, path }: Folder, signal: AbortSignal | undefined): Promise<VfsError | undefined> {
  try {
    for await (const _entry of vfs.list(path, { signal })) break;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_DENIED') throw error;
    return error;
  }
  return undefined;
}

async function runProbe(
  { name, concerns, needs, run: perform }: Probe,
  context: ProbeContext,
): Promise<Check & { readonly code?: VfsErrorCode }> {
  const startedMs = monotonicMs();
  const outcome = async (): Promise<Pick<Check, 'verdict' | 'found'> & { readonly code?: VfsErrorCode }> => {
    const lack = needs?.(context.vfs.capabilities);
    if (lack !== undefined) return { verdict: 'none', found: lack };
    try {
      const { note, found } = await perform(context);
      return { verdict: note ? 'note' : 'ok', found };
    } catch (error) {
      if (error instanceof ProbeFailed) return { verdict: 'wrong', found: error.message };
      if (!(error instanceof VfsError)) throw error;
      const { code, message } = error;
      return { verdict: code === 'ERR_VFS_UNSUPPORTED' ? 'wrong' : 'failed', found: message, code };
    }
  };
  return { name, concerns, ...(await outcome()), durationMs: monotonicMs() - startedMs };
}

function diagnosisOf(
  folder: Folder,
  context: ProbeContext,
  { checks, isRefused }: { readonly checks: readonly Check[]; readonly isRefused: boolean },
  leftBehind: readonly string[],
): Diagnosis {
  const { vfs } = folder;
  const { create, replace } = vfs.capabilities;
  const some = (to: Check['verdict'], concerns: Check['concerns']): boolean =>
    checks.some((check) => check.verdict === to && check.concerns === concerns);
  const unsafe = some('wrong', 'locks') || create === 'none' || replace === 'none';
  const verdict = unsafe ? 'unsafe' : some('failed', 'locks') ? 'unproved' : 'safe';
  const files = some('wrong', 'files') ? ['Do not move files here: a move may overwrite another file.'] : [];
  const caveats = verdict === 'safe' && vfs.capabilities.caveat !== undefined ? [vfs.capabilities.caveat] : [];
  return {
    location: folder.path === '' ? vfs.locate(pathIn(folder, '.')).replace(/\.$/, '') : vfs.locate(folder.path),
    backend: vfs.scheme,
    verdict,
    words: [
      ...(caveats.length > 0 ? [SAFE_WITH_CAVEAT] : isRefused ? [REFUSED] : [WORDS[verdict]]),
      ...(verdict === 'safe' ? chanceOf(context.races) : []),
      ...[...caveats, ...files, ...problemsIn(checks)],
    ],
    checks,
    roundTripMs: context.roundTripMs,
    clockAheadMs: context.clockAheadMs,
    leftBehind,
  };
}

/** Reports what several checks found only once. */
function problemsIn(checks: readonly Check[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { verdict, name, found } of checks) {
    if (verdict !== 'ok') names.set(found, [...(names.get(found) ?? []), name]);
  }
  return [...names].map(([found, each]) => `${each.join(', ')}: ${found}`);
}

const WORDS: Readonly<Record<Diagnosis['verdict'], string>> = {
  safe: 'Locks are safe here: everything that exclusion depends on was tested and holds.',
  unsafe: 'Do not lock here: two holders at once are possible, or no lock can be taken.',
  unproved: 'It is not known whether locks are safe here: not everything could be tested.',
};

const SAFE_WITH_CAVEAT =
  'Locks are safe here as far as tests can show: everything that exclusion depends on was tested and holds.';

const REFUSED = 'It is not known whether locks are safe here: the store cannot be used, so nothing more was tried.';

/** The probability that the races would have revealed a store that fails in one race of a hundred. */
function chanceOf(races: number): readonly string[] {
  if (races === 0) return [];
  const percent = Math.round(100 * (1 - 0.99 ** races));
  return [
    `${String(races)} races were run: a store that lets two win in one race of a hundred is found out by ${String(percent)} % of such runs.`,
  ];
}
