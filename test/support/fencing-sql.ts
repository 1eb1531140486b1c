import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { blocksOf } from './snippets.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/fencing.md'), 'utf8');

/** The statements of docs/fencing.md, as a reader copies them. */
export const [REPORTS = '', WRITE_REPORT = '', FENCES = '', CLAIM_FENCE = ''] = blocksOf(page, 'sql').map((block) =>
  block
    .replace(/^--.*$/gm, '')
    .trim()
    .replace(/;$/, ''),
);
