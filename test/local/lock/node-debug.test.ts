import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, it } from 'vitest';

const DIST = join(import.meta.dirname, '../../../dist');
const [MAIN, MEM] = ['index.js', 'backends/mem/index.js'].map((file) => pathToFileURL(join(DIST, file)).href);

it.each([
  ['vfs-lockfile', /^VFS-LOCKFILE \d+: acquire mem:\S+: free \(attempt 1, \d+ ms, id \w+\)\nVFS-LOCKFILE \d+: release/],
  ['fs', /^$/],
])('U32: NODE_DEBUG=%s', (section, output) => {
  const code = `import { VfsFile, withLock } from '${MAIN}'; import { memVfs } from '${MEM}';
    await withLock(new VfsFile(memVfs(), 'a'), () => {});`;
  const env = { ...process.env, NODE_DEBUG: section };
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { env, encoding: 'utf8' });
  expect(stderr.replace(/^FS .*\n/gm, '')).toMatch(output);
});
