import { manyListedSuite } from '../../support/suites/many-listed.js';

// 100,000 take ten minutes.
manyListedSuite(Number(process.env.MANY_LOCKS ?? 10_000));
