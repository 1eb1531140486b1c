import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const DIST = pathToFileURL(join(import.meta.dirname, '../../../dist/index.js')).href;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-holding-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a process that holds a lock', () => {
  const run = (code: string): string => {
    const script = `import { Lockfile, lock, lockSync, localVfs, VfsFile } from '${DIST}';
      import { Worker } from 'node:worker_threads'; import { mkdirSync } from 'node:fs'; ${code}`;
    const options = { cwd: folder, encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
    return stdout + stderr;
  };

  test('and starts a worker thread keeps it: the worker finds it held, ends, and it is renewed and released', () => {
    const worker = `import { parentPort } from 'node:worker_threads'; import { Lockfile } from '${DIST}';
      const taken = await (await Lockfile.open('data.csv')).tryAcquire();
      const own = await Lockfile.open('other.csv'); await own.acquire();
      parentPort.postMessage([taken, own.held]);`;
    const said = run(`const held = await lock('data.csv', { renew: false });
      const worker = new Worker(new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(worker)}`)}));
      const [answer] = await new Promise((done) => worker.once('message', (message) => done([message])));
      await worker.terminate();
      await held.renew();
      console.log(JSON.stringify([answer, await held.release()]));`);
    expect(said.trim()).toBe('[[false,true],true]');
    expect(readdirSync(folder)).not.toContain('data.csv.lock');
  });

  test('and changes its working directory still renews and releases the lock of a relative path', () => {
    const said = run(`mkdirSync('elsewhere');
      const held = await lock('data.csv', { renew: false }); const sync = lockSync('sync.csv');
      process.chdir('elsewhere');
      await held.renew();
      console.log(JSON.stringify([await held.release(), sync.release()]));`);
    expect(said.trim()).toBe('[true,true]');
    expect(readdirSync(folder)).toEqual(['elsewhere']);
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
  });
});
