import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { localVfs, Lockfile, VfsFile } from '../../../src/index.js';
import { encodeRecord } from '../../../src/lock/model/record.js';
import { GO_RECORD } from '../../support/records.js';
import { identify, isProvablyGone, type ProcessIdentity, thisProcess } from '../../../src/lock/model/process.js';

const onLinux = process.platform === 'linux';
const works = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0;

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000 });

const children = new Set<ChildProcess>();

afterEach(async () => {
  for (const child of children) await end(child);
});

interface Talker {
  readonly child: ChildProcess & { readonly pid: number };
  /** The next line that it writes. */
  readonly line: () => Promise<string>;
  readonly say: (text: string) => void;
}

async function start(command: string, args: readonly string[]): Promise<Talker> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  children.add(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  const say = (text: string): void => void child.stdin.write(`${text}\n`);
  return { child: child as Talker['child'], line, say };
}

const shell = (script: string): Promise<Talker> => start('sh', ['-c', script]);

async function end(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('the identity of a process', () => {
  it('of this one is read once', () => {
    expect(thisProcess()).toBe(thisProcess());
    expect(thisProcess()).toEqual(identify(process.pid));
    expect(thisProcess().pid).toBe(process.pid);
  });

  it.skipIf(!onLinux)('says when it started, since which boot and in which namespaces (needs Linux)', () => {
    expect(thisProcess()).toEqual({
      hostname: readFileSync('/proc/sys/kernel/hostname', 'utf8').trim(),
      pid: process.pid,
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      machineId: expect.stringMatching(/^([0-9a-f]{32})?$/) as string,
      processStart: expect.stringMatching(/^\d+$/) as string,
      namespace: expect.stringMatching(/^pid:\[\d+\]( time:\[\d+\])?$/) as string,
    });
  });

  it.skipIf(!onLinux)('tells start times in order (needs Linux)', async () => {
    const { child } = await shell('read _');
    expect(Number(identify(child.pid).processStart)).toBeGreaterThan(Number(identify(1).processStart));
    expect(Number(identify(child.pid).processStart)).toBeGreaterThanOrEqual(Number(thisProcess().processStart));
  });

  it('has no start where there is no such process', async () => {
    const { child } = await shell('exit');
    if (child.exitCode === null) await once(child, 'exit');
    expect(identify(child.pid)).toEqual({ ...thisProcess(), pid: child.pid, processStart: '' });
  });

  it.skipIf(!onLinux)('does not depend on how the process calls itself (needs Linux)', async () => {
    const { child, line, say } = await shell(`read _; printf ') Z 1 (a) X' > /proc/$$/comm; echo renamed; read _`);
    const before = identify(child.pid);
    say('rename yourself');
    expect(await line()).toBe('renamed');
    expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain('() Z 1 (a) X)');
    expect(identify(child.pid)).toEqual(before);
    expect(isProvablyGone(before)).toBe(false);
  });
});

describe.skipIf(!onLinux)('a process of this host (needs Linux)', () => {
  it('is not gone while it runs', async () => {
    const { child } = await shell('read _');
    expect(isProvablyGone(identify(child.pid))).toBe(false);
    expect(isProvablyGone(thisProcess())).toBe(false);
    expect(isProvablyGone(identify(process.ppid))).toBe(false);
  });

  it('is not gone while it is stopped', async () => {
    const { child } = await shell('read _');
    child.kill('SIGSTOP');
    await eventually(() => {
      expect(stateOf(child.pid)).toBe('T');
    });
    expect(isProvablyGone(identify(child.pid))).toBe(false);
  });

  it('is gone once it was killed and reaped', async () => {
    const { child } = await shell('read _');
    const identity = identify(child.pid);
    await end(child);
    expect(isProvablyGone(identity)).toBe(true);
  });

  it('is gone once it is a zombie that its parent does not reap', async () => {
    // The shell's child is left to a program that never waits for it.
    const { child, line } = await shell('exec 3<&0; (read _ <&3) & echo $!; exec sleep 600');
    const identity = identify(Number(await line()));
    expect(isProvablyGone(identity)).toBe(false);
    await eventually(() => {
      expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe('sleep\n');
    });
    process.kill(identity.pid, 'SIGKILL');
    await eventually(() => {
      expect(stateOf(identity.pid)).toBe('Z');
    });
    expect(isProvablyGone(identity)).toBe(true);
  });

  it.skipIf(!works('python3', '-c', 'import ctypes'))(
    'is not gone while its first thread has ended and another works on (needs python3)',
    async () => {
      const script = `
import ctypes, sys, threading
threading.Thread(target=sys.stdin.readline).start()
print("ready", flush=True)
ctypes.CDLL(None).pthread_exit(None)`;
      const { child, line } = await start('python3', ['-c', script]);
      expect(await line()).toBe('ready');
      await eventually(() => {
        expect(stateOf(child.pid)).toBe('Z');
      });
      expect(isProvablyGone(identify(child.pid))).toBe(false);
    },
  );

  it('is gone when its pid belongs to a process that started at another time', async () => {
    const { child } = await shell('read _');
    const identity = identify(child.pid);
    expect(isProvablyGone({ ...identity, processStart: String(Number(identity.processStart) - 1) })).toBe(true);
    expect(isProvablyGone({ ...thisProcess(), processStart: '1' })).toBe(true);
  });

  it('is not provably gone unless host, boot and namespace are known and ours, and pid and start are known', async () => {
    const { child } = await shell('read _');
    const identity = identify(child.pid);
    await end(child);
    expect(isProvablyGone(identity)).toBe(true);
    for (const doubt of [
      ...[{ hostname: '' }, { bootId: '' }, { namespace: '' }, { processStart: '' }],
      ...[{ hostname: 'elsewhere' }, { bootId: 'earlier' }, { namespace: 'pid:[1] time:[1]' }],
      ...[
        { pid: 0 },
        { pid: -1 },
        { pid: -identity.pid },
        { pid: 1.5 },
        { pid: NaN },
        { pid: 2 ** 53 },
        { pid: 2 ** 40 },
      ],
    ]) {
      expect(isProvablyGone({ ...identity, ...doubt }), JSON.stringify(doubt)).toBe(false);
    }
  });

  it.skipIf(thisProcess().machineId === '')(
    'B16: is known for a process of an earlier boot of this machine, where no other machine can have left its lock',
    async () => {
      const here = thisProcess();
      const earlier = { ...here, bootId: 'an earlier boot' };
      expect(isProvablyGone(earlier, true)).toBe(true);
      expect(isProvablyGone(earlier)).toBe(false);
      for (const other of [{ hostname: 'other' }, { machineId: 'other' }, { machineId: '' }, { bootId: '' }]) {
        expect(isProvablyGone({ ...earlier, ...other }, true), JSON.stringify(other)).toBe(false);
      }
      const root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-boot-'));
      const record = { ...GO_RECORD, ...earlier, ttlMs: Infinity, leaseMs: Infinity };
      for (const [vfs, taken] of [
        [localVfs({ root }), true],
        [memVfs(), false],
      ] as const) {
        await vfs.create('data.csv.lock', encodeRecord(record));
        const lock = new Lockfile(new VfsFile(vfs, 'data.csv'));
        expect(await lock.isStale()).toBe(taken);
        expect(await lock.tryAcquire()).toBe(taken);
        expect(lock.reclaimedFrom?.reason).toBe(taken ? 'dead-process' : undefined);
        await lock.release();
      }
      rmSync(root, { recursive: true });
    },
  );

  it('is judged without throwing, whatever its record says', () => {
    const here = thisProcess();
    const either = (own: string): fc.Arbitrary<string> => fc.oneof(fc.constant(own), fc.string());
    const identities: fc.Arbitrary<ProcessIdentity> = fc.record({
      hostname: either(here.hostname),
      pid: fc.oneof(fc.constant(here.pid), fc.integer(), fc.double()),
      bootId: either(here.bootId),
      machineId: either(here.machineId),
      processStart: either(here.processStart),
      namespace: either(here.namespace),
    });
    fc.assert(
      fc.property(identities, (other) => {
        const ours = (['hostname', 'bootId', 'namespace'] as const).every((name) => other[name] === here[name]);
        const us = other.pid === here.pid && other.processStart === here.processStart;
        if (isProvablyGone(other)) expect({ ours, us }).toEqual({ ours: true, us: false });
      }),
      { numRuns: 2000 },
    );
  });
});

describe.skipIf(!works('unshare', '--pid', '--time', '--fork', '--mount-proc', 'true'))(
  'across namespaces and users (needs Linux, root and unshare)',
  () => {
    let dir: string;
    let asked: readonly string[];

    beforeAll(() => {
      dir = mkdtempSync(join(tmpdir(), 'vfs-lockfile-host-'));
      chmodSync(dir, 0o755);
      const script = join(dir, 'host-child.mjs');
      copyFileSync(fileURLToPath(new URL('host-child.mjs', import.meta.url)), script);
      writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
      for (const name of ['lock/model/process', 'util/process-group', 'util/process-stat']) {
        const source = readFileSync(new URL(`../../../src/${name}.ts`, import.meta.url), 'utf8');
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, `${name}.js`), ts.transpileModule(source, { compilerOptions }).outputText);
      }
      const module = join(dir, 'lock/model/process.js');
      asked = [process.execPath, script, module];
    });

    afterAll(() => {
      rmSync(dir, { recursive: true });
    });

    const unshare = (...args: readonly string[]): Promise<Talker> =>
      start('unshare', ['--fork', '--kill-child', ...args]);

    const answer = async ({ line }: Talker): Promise<{ readonly self: ProcessIdentity; readonly gone: boolean }> =>
      JSON.parse(await line()) as { readonly self: ProcessIdentity; readonly gone: boolean };

    it('a process of another pid namespace is never provably gone for us, nor are we for it', async () => {
      const inside = await unshare('--pid', '--mount-proc', ...asked, JSON.stringify(thisProcess()));
      const { self, gone } = await answer(inside);
      expect(self).toMatchObject({ hostname: thisProcess().hostname, bootId: thisProcess().bootId, pid: 1 });
      expect(self.namespace).not.toBe('');
      expect(self.namespace).not.toBe(thisProcess().namespace);
      expect({ gone, self: isProvablyGone(self) }).toEqual({ gone: false, self: false });
      await end(inside.child);
      expect(isProvablyGone(self)).toBe(false);
    });

    it('a process knows nothing about itself where /proc shows the pids of another namespace', async () => {
      const { self, gone } = await answer(await unshare('--pid', ...asked, '{"pid":999999,"processStart":"1"}'));
      expect(self).toMatchObject({ bootId: '', namespace: '', processStart: '' });
      expect(gone).toBe(false);
    });

    it('a process of another time namespace has another start time, and is not taken for gone', async () => {
      const { self, gone } = await answer(
        await unshare('--time', '--boottime', '100000', ...asked, JSON.stringify(thisProcess())),
      );
      expect(Number(self.processStart)).toBeGreaterThan(Number(thisProcess().processStart) + 9_000_000);
      expect({ gone, self: isProvablyGone(self) }).toEqual({ gone: false, self: false });
    });

    const powerless = ['setpriv', '--regid', '65534', '--clear-groups', '--bounding-set', '-all', '--inh-caps', '-all'];
    const judgeStranger = (options: string): Promise<Talker> => {
      const script = `
        setpriv --reuid 65534 sleep 600 &
        while [ "$(stat -c %u /proc/$!)" = 0 ]; do sleep 0.01; done
        mount -o remount,${options} /proc || exit
        exec "$@" "{\\"pid\\":$!,\\"processStart\\":\\"1\\"}"`;
      return unshare('--pid', '--mount-proc', 'sh', '-c', script, 'sh', ...powerless, ...asked);
    };

    it('a process of another user is gone when its pid has another start time, though it may not be signalled', async () => {
      expect(await answer(await judgeStranger('hidepid=0'))).toMatchObject({ gone: true });
    });

    it('a process of another user is not provably gone when /proc hides it (hidepid)', async () => {
      const { self, gone } = await answer(await judgeStranger('hidepid=2'));
      expect(self.processStart).not.toBe('');
      expect(gone).toBe(false);
    });
  },
);

function stateOf(pid: number): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}
