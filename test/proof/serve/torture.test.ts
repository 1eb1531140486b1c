import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { areThere } from '../../support/needs.js';
import { torture } from '../../support/serve/torture/torture.js';
import { PYTHON, PYTHON_CLIENT_FILES } from '../../servers/http/python-clients.js';

test(
  'curl, foolock in a shell, justalock-client and our own workers never hold one lock at one time, while instances are killed',
  { timeout: 900_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-serve-'));
    const python = areThere(PYTHON_CLIENT_FILES) ? PYTHON : undefined;
    try {
      const least = { curl: 20, foolock: 20, worker: 20, ...(python && { justalock: 2 }) };
      const { overlaps, ...verdict } = await torture(folder, { least, stays: 600, kills: 12, python });
      console.log('torture over HTTP:', JSON.stringify(verdict));
      expect(overlaps).toEqual([]);
      expect(verdict.takeOvers).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
