import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { appendFileSync } from '../../src/backends/local/append.js';

/** Renames a folder away and puts a link to the victim's in its place, again and again, for as long as it lives. */
const SWAPPER = `
  const fs = require('node:fs');
  const [journal, victim] = process.argv.slice(1);
  fs.symlinkSync(victim, journal + '.link');
  for (;;) {
    try {
      fs.renameSync(journal, journal + '.away');
      fs.renameSync(journal + '.link', journal);
      fs.renameSync(journal, journal + '.link');
      fs.renameSync(journal + '.away', journal);
    } catch (error) {
      // The writer made the folder again meanwhile.
      fs.rmSync(journal + '.away', { recursive: true, force: true });
    }
  }
`;

it('S3: a link that is put in the place of the journal folder at any moment never leads a line elsewhere', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'journal-'));
  const [journal, victim] = [join(shared, '.vfs-lockfile-journal'), join(shared, 'victim')];
  for (const folder of [journal, victim]) mkdirSync(folder);
  const swapper = spawn(process.execPath, ['-e', SWAPPER, journal, victim], { stdio: 'ignore' });
  try {
    let written = 0;
    let refused = 0;
    for (let round = 0; round < 200_000 && (written < 20000 || refused < 4000); round += 1) {
      try {
        appendFileSync(join(journal, 'today.jsonl'), Buffer.from('{}\n'));
        written += 1;
      } catch {
        refused += 1;
      }
    }
    expect(written).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    expect(readdirSync(victim)).toEqual([]);
  } finally {
    swapper.kill('SIGKILL');
    await new Promise((resolve) => swapper.once('close', resolve));
    rmSync(shared, { recursive: true });
  }
});
