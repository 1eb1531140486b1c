import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { encodeRecord } from '../../../src/lock/model/record.js';
import { called, calledShared, CLI, useFolder } from '../../support/cli/harness.js';
import { jsonLines } from '../../support/cli/schema.js';
import { GO_RECORD } from '../../support/records.js';

const folder = useFolder();

function inboxOf(): string {
  const inbox = join(folder(), 'inbox');
  mkdirSync(inbox);
  return inbox;
}

/** A line as nobody but a stranger writes it. */
const HOSTILE = {
  ...{ schema: 1, at: '1970-01-02T00:00:00+01:00', event: 'acquire', lock: '/a.lock', lockId: '', ownerId: '' },
  ...{ hostname: '', user: '', reason: '', pid: 1.5, durationMs: 0.1, attempt: 0, command: [], fencingToken: 'x' },
  ...{ by: '', error: '', dropped: 0.5 },
};

const linesOf = (text: string): readonly string[] => text.trim().split('\n');

describe('history on the command line', () => {
  it('prunes the files of old days of a folder, and says which', async () => {
    const journal = join(inboxOf(), '.vfs-lockfile-journal');
    mkdirSync(journal);
    const old = join(journal, '2020-01-01.host.user.jsonl');
    writeFileSync(old, '{}');
    utimesSync(old, 0, 0);
    const prune = ['history', join(folder(), 'inbox'), '--prune', '30d'];
    const dry = await called([...prune, '--dry-run', '--json']);
    expect(jsonLines(dry.stdout)).toEqual([
      { schema: 1, type: 'pruned', action: 'would-remove', path: old, day: '2020-01-01', size: 2 },
    ]);
    const done = await called(prune);
    expect(done).toMatchObject({ code: 0, stderr: '', stdout: `removed\t${old}\nremoved 1 file of 2 bytes in all\n` });
    expect(readdirSync(journal)).toEqual([]);
    expect(await called(['history', old, '--prune', '30d'])).toMatchObject({ code: 64, stdout: '' });
  });

  it('shows what run --journal beside wrote, of a file and of its folder', async () => {
    const inbox = inboxOf();
    const file = join(inbox, 'data.csv');
    const run = await called(['run', file, '--journal', 'beside', '--owner', 'nightly', '--', 'true']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const [name] = readdirSync(join(inbox, '.vfs-lockfile-journal'));
    expect(name).toMatch(/^\d{4}-\d{2}-\d{2}\.[\w-]+\.[\w-]+\.jsonl$/);
    for (const operand of [file, `${file}.lock`, inbox, `${inbox}/`, join(inbox, '.vfs-lockfile-journal', name!)]) {
      const { code, stdout, stderr } = await calledShared(['history', operand, '--json']);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const entries = jsonLines(stdout);
      expect(entries.map(({ event }) => event)).toEqual(['acquire', 'release']);
      expect(entries[0]).toMatchObject({ schema: 1, ownerId: 'nightly', command: ['true'], reason: 'free' });
    }
    const table = await calledShared(['history', inbox]);
    expect(table.stdout).toMatch(/^AT .*EVENT .*FILE .*\n.* acquire +data\.csv +nightly .*free, for true\n.* release /);
    expect(table.stdout).toMatch(/waited +1 times: p50 .*\nheld +1 times: p50 /);
    expect((await calledShared(['history', join(inbox, 'other.csv')])).stderr).toContain('there is no history of');
  });

  it('uses the file that VFS_LOCKFILE_JOURNAL names, for every lock, and unlock writes there too', async () => {
    const inbox = inboxOf();
    const env = { VFS_LOCKFILE_JOURNAL: join(folder(), 'locks.jsonl') };
    const [a, b] = [join(inbox, 'a'), join(inbox, 'b')];
    for (const file of [a, b]) expect((await called(['run', file, '--', 'true'], { env })).code).toBe(0);
    writeFileSync(`${a}.lock`, encodeRecord({ ...GO_RECORD, createdAt: new Date(), lockId: 'x' }));
    const unlock = await called(['unlock', a, '--expect', 'x', '--reason', 'ticket 7'], { env });
    expect(unlock).toMatchObject({ code: 0 });
    const { stdout } = await calledShared(['history', a, '--json'], { env });
    expect(jsonLines(stdout).map(({ event }) => event)).toEqual(['acquire', 'release', 'force-release']);
    expect(linesOf((await calledShared(['history', inbox, '--json'], { env })).stdout)).toHaveLength(5);
    const summary = await calledShared(['history', inbox, '--json', '--summary'], { env });
    expect(jsonLines(summary.stdout)).toMatchObject([
      {
        type: 'history-totals',
        events: { acquire: 2, release: 2, 'force-release': 1 },
        waitMs: { count: 2 },
      },
    ]);
    expect(linesOf((await calledShared(['history', inbox, '--limit', '2', '--json'], { env })).stdout)).toHaveLength(2);
  });

  it('U37: history --json follows the schema whatever happened, also in a journal that somebody else wrote', async () => {
    const inbox = inboxOf();
    const journal = join(folder(), 'locks.jsonl');
    const file = join(inbox, 'a');
    const record = { ...GO_RECORD, createdAt: new Date(0), ttlMs: 1, lockId: 'x' };
    writeFileSync(`${file}.lock`, encodeRecord(record));
    utimesSync(`${file}.lock`, 1, 1);
    const inner = ['run', file, '--journal', journal, '--wait', '10ms', '--', 'true'];
    const command = [process.execPath, CLI, ...inner];
    const stolen = await called(['run', file, '--journal', journal, '--fencing', '--', ...command]);
    expect(stolen.code).toBe(79);
    const odd = { ...HOSTILE, from: { lockId: '', ownerId: '\u202e', hostname: '', pid: 0.5, more: 1 }, more: {} };
    writeFileSync(journal, `${JSON.stringify(odd)}\n`, { flag: 'a' });
    const entries = jsonLines((await calledShared(['history', journal, '--json'])).stdout);
    expect(entries.map(({ event }) => event)).toEqual(['acquire', 'steal', 'acquire', 'wait', 'timeout', 'release']);
    expect(jsonLines((await calledShared(['history', journal, '--json', '--summary'])).stdout)).toHaveLength(1);
  });

  it('draws a page and a picture, and reports damaged lines', async () => {
    const inbox = inboxOf();
    const journal = join(folder(), 'locks.jsonl');
    await called(['run', join(inbox, 'a<b>'), '--journal', journal, '--owner', '<script>', '--', 'true']);
    writeFileSync(journal, `torn${readFileSync(journal, 'utf8')}foreign\n`);
    for (const name of ['out.html', 'out.svg']) {
      const out = join(folder(), name);
      const { code, stderr } = await calledShared(['history', journal, '--timeline', out]);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: 'vfs-lockfile: left out 2 lines that are damaged or foreign\n',
      });
      const text = readFileSync(out, 'utf8');
      expect(text).toContain('a&#60;b&#62;');
      expect(text).not.toContain('<script>');
      expect(text).not.toMatch(/(?:src|href)=|https?:\/\/(?!www\.w3\.org)/);
    }
    const unwritable = await calledShared(['history', journal, '--timeline', join(folder(), 'none', 'out.html')]);
    expect(unwritable).toMatchObject({ code: 74 });
  });

  it('runs the command all the same when the journal cannot be written', async () => {
    const file = join(inboxOf(), 'a');
    const done = join(folder(), 'done');
    const journal = join(folder(), 'file', 'locks.jsonl');
    writeFileSync(join(folder(), 'file'), '');
    const { code, stderr } = await called(['run', file, '--journal', journal, '--', 'touch', done]);
    expect(code).toBe(0);
    expect(existsSync(done)).toBe(true);
    expect(stderr).toMatch(/^vfs-lockfile: the journal is incomplete: cannot append [^\n]*\n$/);
  });
});
