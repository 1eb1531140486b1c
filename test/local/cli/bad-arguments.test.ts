import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, calledShared, useFolder } from '../../support/cli/harness.js';

const folder = useFolder();

describe('bad input ends with one line that names what is wrong, and starts nothing', () => {
  const table: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[], 64, /expected run, acquire, .* or completion; see vfs-lockfile --help/],
    [['stauts', 'FILE'], 64, /not "stauts"/],
    [['run'], 64, /expected run FILE -- COMMAND/],
    [['run', 'FILE'], 64, /expected -- and a COMMAND/],
    [['run', 'FILE', 'touch', 'MARK'], 64, /"touch" is one argument too many.*is the -- missing\?/],
    [['run', 'FILE', '--'], 64, /expected a COMMAND after --/],
    [['run', 'FILE', '--', ''], 64, /expected a COMMAND after --/],
    [['run', '--', 'touch', 'MARK'], 64, /expected run FILE/],
    [['run', '', '--', 'touch', 'MARK'], 64, /FILE is empty/],
    [['run', 'FILE', '--colour', '--', 'touch', 'MARK'], 64, /unknown option '--colour'/],
    [['run', 'FILE', '--ttl', '--', 'touch', 'MARK'], 64, /'--ttl <value>' argument missing/],
    [['run', 'FILE', '--quiet=yes', '--', 'touch', 'MARK'], 64, /'-q, --quiet' does not take an argument/],
    [['run', 'FILE', '--ttl', '30', '--', 'touch', 'MARK'], 64, /--ttl must be a duration.*got "30"/],
    [['run', 'FILE', '--ttl', '999ms', '--', 'touch', 'MARK'], 64, /--ttl must be at least 1s.*got 999ms/],
    [['run', 'FILE', '--ttl', '-5s', '--', 'touch', 'MARK'], 64, /--ttl.* is ambiguous/],
    [['run', 'FILE', '--ttl=-5s', '--', 'touch', 'MARK'], 64, /--ttl must be a duration.*got "-5s"/],
    [['run', 'FILE', '--wait', 'soon', '--', 'touch', 'MARK'], 64, /--wait must be a duration.*or never; got "soon"/],
    [['run', 'FILE', '--margin', '1ms', '--', 'touch', 'MARK'], 64, /--margin must be at least 50ms/],
    [['run', 'FILE', '--margin', '9s', '--kill-after', '7s', '--', 'touch', 'MARK'], 64, /half of the --ttl/],
    [['run', 'FILE', '--grace', '5s', '--', 'touch', 'MARK'], 64, /grace needs a ttl/],
    [['run', 'FILE', '--ttl', 'never', '--grace', '5s', '--', 'touch', 'MARK'], 64, /grace needs a finite ttl/],
    [['run', 'FILE', '--note', '{', '--', 'touch', 'MARK'], 64, /--note must be a JSON object; got "\{"/],
    [['run', 'FILE', '--note', '[1]', '--', 'touch', 'MARK'], 64, /--note must be a JSON object; got "\[1\]"/],
    [
      ['run', 'FILE', `--owner=${'x'.repeat(257)}`, '--', 'touch', 'MARK'],
      64,
      /--owner must have at most 256 characters/,
    ],
    [['run', 'gopher://host/x', '--', 'touch', 'MARK'], 64, /unknown scheme gopher; known are/],
    [['run', 'file://host/x', '--', 'touch', 'MARK'], 64, /is no local file/],
    [['run', 'mem:///x', '--', 'touch', 'MARK'], 64, /its store lives in one process only/],
    [['run', 'FOLDER', '--', 'touch', 'MARK'], 64, /data: it is a folder/],
    [['run', 'FOLDER/', '--', 'touch', 'MARK'], 64, /names a folder/],
    [['run', 'FOLDER/none/x', '--', 'touch', 'MARK'], 64, /there is no folder .*none/],
    [['run', 'PLAIN/x', '--', 'touch', 'MARK'], 64, /plain is not a folder/],
    [['run', 'FOLDER/../../../../../../../../../x', '--', 'touch', 'MARK'], 64, /leads above the root/],
    [['run', `FOLDER/${'x'.repeat(252)}`, '--', 'touch', 'MARK'], 64, /name of \d+ bytes/],
    [['run', 'LINKED', '--', 'touch', 'MARK'], 74, /linked\.lock: it is a (directory|symbolic link)/],
    [['status'], 64, /expected status FILE/],
    [['sweep', 'FOLDER', 'FOLDER'], 64, /one argument too many/],
    [['status', 'FILE', ''], 64, /FILE is empty/],
    [['status', 'FILE', '--ttl', '5s'], 64, /unknown option '--ttl'/],
    [['status', 'FOLDER'], 64, /it is a folder/],
    [['status', 'FOLDER/none/x'], 64, /there is no folder/],
    [['status', 'LINKED'], 74, /linked\.lock: it is a (directory|symbolic link)/],
    [['ls', ''], 64, /LOCATION is empty/],
    [['ls', 'FOLDER', '--sort', 'size'], 64, /--sort must be file or state or .* or none; got "size"/],
    [['ls', 'FOLDER', '--state', 'held,lost'], 64, /--state must be free or held .*; got "lost"/],
    [['ls', 'FOLDER', '--older-than', '5'], 64, /--older-than must be a duration.*got "5"/],
    [['ls', 'FOLDER', '--format', 'prometheus', '--json'], 64, /expected --format without --json/],
    [['ls', 'FOLDER', '--ttl=5s'], 64, /unknown option '--ttl'/],
    [['ls', 'FOLDER/none'], 64, /there is no folder \S+none/],
    [['ls', 'PLAIN/x'], 64, /there is no folder|plain\/x is not a folder/],
    [['ls', 'mem:///x'], 64, /its store lives in one process only/],
    [['sweep', 'FOLDER', '--older-than', '5'], 64, /--older-than must be a duration.*got "5"/],
    [['sweep', 'FOLDER', '--concurrency', '0'], 64, /--concurrency must be a whole number from 1 to 1000; got "0"/],
    [['sweep', 'FOLDER', '--concurrency', '1e3'], 64, /--concurrency must be a whole number.*got "1e3"/],
    [['sweep', 'FOLDER/none'], 64, /there is no folder \S+none/],
    [['doctor', 'PLAIN'], 64, /plain is not a folder/],
    [['unlock', 'FILE'], 64, /expected --expect ID: the id of the lock to end, as status/],
    [['unlock', 'FILE', '--expect='], 64, /expected --expect ID/],
    [['unlock', '--expect', 'x'], 64, /expected unlock FILE --expect ID/],
    [['unlock', 'LINKED', '--expect', 'x'], 74, /linked\.lock: it is a (directory|symbolic link)/],
    [['completion'], 64, /expected completion bash\|zsh\|fish; see/],
    [['completion', 'tcsh'], 64, /expected bash or zsh or fish, not "tcsh"/],
  ];

  it.each(table)('%j ends with %i', async (typed, code, message) => {
    mkdirSync(join(folder(), 'data'));
    symlinkSync('data', join(folder(), 'linked.lock'));
    writeFileSync(join(folder(), 'plain'), '');
    const names = { FILE: 'a.csv', FOLDER: 'data', PLAIN: 'plain', LINKED: 'linked', MARK: 'mark' };
    const args = typed.map((arg) =>
      arg.replace(/^(FILE|FOLDER|PLAIN|LINKED|MARK)(?=\/|$)/, (name) =>
        join(folder(), names[name as keyof typeof names]),
      ),
    );
    // Each command is a process of its own once.
    const isFirst = table.find(([[command]]) => command === typed[0])?.[0] === typed;
    const outcome = await (isFirst ? called : calledShared)(args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toMatch(/^vfs-lockfile: [^\n]+\n$/);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(readdirSync(folder()).sort()).toEqual(['data', 'linked.lock', 'plain']);
  });
});
