import { expect, it } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { inbox } from '../../../src/inbox/index.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';
import { onEachStore, stores } from '../../support/operate/stores.js';
import { inboxSuite } from '../../support/operate/suites/inbox.js';

onEachStore(stores, inboxSuite);

it('inbox takes a file as unchanged that a listing tells the time of more finely than a look at it, as in Ceph', async () => {
  const whole = memVfs({ now: () => 1_700_000_000_000 });
  const vfs = Object.assign(new WrappedVfs(whole), {
    async *list(...args: Parameters<typeof whole.list>) {
      for await (const entry of whole.list(...args)) yield { ...entry, modifiedMs: entry.modifiedMs + 789 };
    },
  });
  const clock = { ...whole.capabilities.clock, resolutionMs: 1000 };
  Object.defineProperty(vfs, 'capabilities', { value: { ...whole.capabilities, clock } });
  await whole.write('a', Buffer.from('a'));
  const names: string[] = [];
  for await (const claim of inbox({ vfs, path: '' }, { settle: 20, poll: 20, until: 'idle' })) {
    names.push(claim.file.name);
    await claim.archive('archive/');
  }
  expect(names).toEqual(['a']);
});
