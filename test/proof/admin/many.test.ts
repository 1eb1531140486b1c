import { manyLocksSuite } from '../../support/suites/many-locks.js';

manyLocksSuite(100_000);
