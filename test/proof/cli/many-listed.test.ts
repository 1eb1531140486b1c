import { manyListedSuite } from '../../support/suites/many-listed.js';

manyListedSuite(100_000);
