import { onEachStore, stores } from '../../support/operate/stores.js';
import { sweepSuite } from '../../support/operate/suites/sweep.js';

onEachStore(
  stores.map((kind) => ({ ...kind, many: 10_000 })),
  sweepSuite,
);
