import { sweepKilledSuite } from '../../support/suites/sweep-killed.js';

sweepKilledSuite(3);
