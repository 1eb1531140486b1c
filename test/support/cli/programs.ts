import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { VfsFile, type Vfs } from '../../../src/index.js';
import { all, foreign, putLock, untilStale } from '../operate/locks.js';
import { CLI, start, type Outcome } from './harness.js';

/** A bucket, and all that a program needs to know of it in its environment. */
export interface Bucket {
  readonly uri: string;
  /** A bucket of the same server that is not there. */
  readonly missing: string;
  readonly env: Readonly<Record<string, string>>;
  readonly vfs: Vfs;
  readonly dispose: () => Promise<void>;
}

const ROOT = join(import.meta.dirname, '..', '..', '..');
const DEMO = [join(ROOT, 'scripts', 'run-ts.mjs'), join(ROOT, 'examples', 'csv-inbox', 'main.ts')] as const;

/** The programs of the package on a bucket that is known to them by its URI and the environment alone. */
export function programs(open: () => Promise<Bucket>): void {
  let bucket: Bucket;
  beforeAll(async () => void (bucket = await open()));
  afterAll(() => bucket.dispose());

  const node = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> =>
    // What the SDKs say of versions of Node that they will give up is none of ours.
    start(process.execPath, args, { env: { ...bucket.env, NODE_NO_WARNINGS: '1', ...env } }).outcome;
  const cli = (...args: readonly string[]): Promise<Outcome> => node({}, CLI, ...args);

  test('the inbox demo runs, and leaves its archive and nothing else', { timeout: 900_000 }, async () => {
    const { code, stdout, stderr } = await node({}, ...DEMO, '--inbox', `${bucket.uri}/some folder/inbox`, '--keep');
    console.log(stdout.trim().split('\n').slice(-12).join('\n'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Every file was processed exactly once/);
    const done = [...stdout.matchAll(/^(\S+\.csv) +(\d+) +worker-\d+/gm)];
    expect(done.length).toBeGreaterThan(2);
    expect(new Set(done.map(([, , times]) => times))).toEqual(new Set(['1']));
    const left = (await all(bucket.vfs.list('some folder', { recursive: true }))).map(({ path }) => path);
    const expected = ['summary.json', ...done.map(([, file]) => `archive/${String(file)}`)];
    expect(left.sort()).toEqual(expected.map((name) => `some folder/inbox/${name}`).sort());
  });

  describe('the command line', { timeout: 900_000 }, () => {
    test('tells of locks one by one and in a list, frees the stale one, and ends another by its id', async () => {
      const { vfs } = bucket;
      const [folder, at] = ['jobs of the night', (name: string): string => `${bucket.uri}/jobs of the night/${name}`];
      const held = foreign({ ownerId: 'them', lockId: 'id-of-theirs' });
      await putLock(vfs, `${folder}/held`, held);
      await putLock(vfs, `${folder}/stale`, foreign({ leaseMs: 1 }));
      await putLock(vfs, `${folder}/below/stale`, foreign({ leaseMs: 1 }));
      await putLock(vfs, `${folder}/yarn`, '# no lock record');
      await untilStale(new VfsFile(vfs, `${folder}/stale`), new VfsFile(vfs, `${folder}/below/stale`));
      const codes: Record<string, number | null> = {};
      for (const name of ['free', 'held', 'stale', 'yarn']) codes[name] = (await cli('status', at(name), '-q')).code;
      expect(codes).toEqual({ free: 0, held: 1, stale: 2, yarn: 4 });

      const states = async (...options: readonly string[]): Promise<Record<string, string>> => {
        const { code, stdout, stderr } = await cli('ls', at(''), '--json', ...options);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const lines = stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, string>);
        return Object.fromEntries(lines.map(({ file = '', state = '' }) => [decodeURIComponent(file), state]));
      };
      const found = { [at('held')]: 'held', [at('stale')]: 'stale', [at('yarn')]: 'foreign' };
      expect(await states()).toEqual(found);
      expect(await states('-r')).toEqual({ ...found, [at('below/stale')]: 'stale' });
      expect((await cli('ls', at(''))).stdout).toMatch(/^held\theld\tthem\t[^\n]*\t(4m \d+s|5m \d+s)\t$/m);

      expect((await cli('sweep', at(''), '--dry-run')).stdout).toMatch(/^would remove 1, left 2/m);
      expect(await states('-r')).toEqual({ ...found, [at('below/stale')]: 'stale' });
      const swept = await cli('sweep', at(''), '-r');
      expect(swept).toMatchObject({ code: 0, stderr: '' });
      expect(swept.stdout).toMatch(/^(removed|released)\tstale\.lock\texpired\t/m);
      const freed = vfs.capabilities.remove === 'none' ? /^removed 0, released 2, left 2/m : /^removed 2, left 2/m;
      expect(swept.stdout).toMatch(freed);
      expect(await cli('status', at('stale'))).toMatchObject({ code: 0 });

      expect(await cli('unlock', at('held'), '--expect', 'another')).toMatchObject({ code: 1, stdout: '' });
      expect(await cli('status', at('held'), '-q')).toMatchObject({ code: 1 });
      const ended = await cli('unlock', at('held'), '--expect', held.lockId, '--reason', 'it hangs');
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout).toMatch(/^the lock of them on \S+ was ended by .*: it hangs\n$/);
      expect(await cli('status', at('held'), '-q')).toMatchObject({ code: 0 });
    });

    test('runs a command under a lock, which others are told of, and passes on how it ended', async () => {
      const uri = `${bucket.uri}/nightly`;
      const again = [process.execPath, CLI, 'run', uri, '--', 'true'];
      const kept = await cli('run', uri, '--owner', 'nightly', '--', ...again);
      expect(kept).toMatchObject({ code: 75, stdout: '' });
      expect(kept.stderr).toMatch(/^vfs-lockfile: .*\/nightly\.lock is held by nightly/);
      const told = await cli('run', uri, '--', process.execPath, CLI, 'status', uri, '--json');
      expect(told).toMatchObject({ code: 1, stderr: '' });
      expect(JSON.parse(told.stdout)).toMatchObject({ state: 'held', file: uri, path: `${uri}.lock` });
      expect(await cli('run', uri, '--', 'sh', '-c', 'exit 7')).toMatchObject({ code: 7, stderr: '' });
      expect(await cli('status', uri, '-q')).toMatchObject({ code: 0 });
    });

    test('says whether locks are safe there and what no trial can show, and leaves nothing behind', async () => {
      const { code, stdout, stderr } = await cli('doctor', `${bucket.uri}/ward`);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.startsWith(`safe  ${bucket.uri}/ward (${bucket.vfs.scheme})\n`)).toBe(true);
      const words = stdout.replace(/\s+/g, ' ');
      expect(words).toContain('Locks are safe here as far as tests can show');
      expect(words).toMatch(/This store is not (AWS|Google)'s: .* Only its makers can promise/);
      expect(await all(bucket.vfs.list('ward'))).toEqual([]);
    });

    test('ends as on a disk where there is no such bucket, no store, or no file in the URI', async () => {
      const here = bucket.vfs.scheme;
      for (const command of ['ls', 'sweep', 'doctor']) {
        const { code, stdout, stderr } = await cli(command, `${bucket.missing}/folder`);
        expect({ code, stdout }).toEqual({ code: 74, stdout: '' });
        expect(stderr).toMatch(/^vfs-lockfile: cannot list \S+: there is no bucket \S+\n$/);
      }
      const gone = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1' };
      const unreached = await node(gone, CLI, 'status', `${bucket.uri}/a`);
      expect(unreached).toMatchObject({ code: 74, stdout: '' });
      expect(unreached.stderr).toMatch(/^vfs-lockfile: cannot read \S+: .*ECONNREFUSED.*\n$/);
      for (const uri of [`${here}://`, `${here}:///a`, `${here}://me:secret@bucket/a`, `${bucket.uri}/`]) {
        const refused = await cli('status', uri);
        expect(refused, uri).toMatchObject({ code: 64, stdout: '' });
        expect(refused.stderr).not.toContain('secret');
      }
      const empty = await cli('ls', `${bucket.uri}/nothing yet`);
      expect(empty).toMatchObject({ code: 0, stdout: '' });
      expect(empty.stderr).toMatch(/^vfs-lockfile: there are no locks in /);
    });
  });
}
