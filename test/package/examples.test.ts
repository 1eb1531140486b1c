import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';

import { withLock } from '../../src/index.js';
import { usePacked } from './packed.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/inbox.mjs', import.meta.url));

const packed = usePacked(inject('packed'));
const folder = join(packed.home, 'inbox');
beforeAll(() => copyFile(EXAMPLE, join(packed.home, 'inbox.mjs')));
beforeEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
});

/** Every file in the inbox, in the order of the names. */
async function filesLeft(): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}

describe('examples/inbox.mjs, in a project that has the package and nothing else', () => {
  it('processes and archives each file once with several processes, and moves a bad one to failed/', async () => {
    const good = Array.from({ length: 6 }, (_, index) => `${String(index)}.csv`);
    for (const name of good) await writeFile(join(folder, name), 'a,b\n1,2\n');
    await writeFile(join(folder, 'bad.csv'), '');
    await writeFile(join(folder, 'notes.txt'), 'no CSV file\n');
    const runs = await Promise.all([1, 2, 3].map(() => packed.run(process.execPath, 'inbox.mjs')));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
    const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
    expect(runs.flatMap(({ stdout }) => lines(stdout)).sort()).toEqual(good.map((name) => `${name}: done`));
    expect(runs.flatMap(({ stderr }) => lines(stderr))).toEqual(['bad.csv: Error: the file has no lines']);
    expect(await filesLeft()).toEqual([
      ...good.map((name) => `archive/${name}`),
      ...['failed/bad.csv', 'failed/bad.csv.error.json', 'notes.txt'],
      ...good.map((name) => `results/${name}.json`),
    ]);
    expect(await readFile(join(folder, 'results', '0.csv.json'), 'utf8')).toBe('{"lines":2}');
    const note = await readFile(join(folder, 'failed', 'bad.csv.error.json'), 'utf8');
    expect(JSON.parse(note)).toMatchObject({ error: { message: 'the file has no lines' } });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends by itself after %s', async (signal) => {
    await writeFile(join(folder, 'free.csv'), 'a\n');
    await writeFile(join(folder, 'held.csv'), 'a\n');
    await withLock(join(folder, 'held.csv'), async () => {
      const worker = spawn(process.execPath, ['inbox.mjs'], { cwd: packed.home, stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(worker, 'exit');
      const [chunk] = (await once(worker.stdout, 'data')) as [Buffer];
      expect(String(chunk)).toBe('free.csv: done\n');
      worker.kill(signal);
      expect(await ended).toEqual([0, null]);
    });
    expect(await filesLeft()).toEqual(['archive/free.csv', 'held.csv', 'results/free.csv.json']);
  });
});
