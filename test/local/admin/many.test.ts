import { manyLocksSuite } from '../../support/suites/many-locks.js';

manyLocksSuite(3000);
