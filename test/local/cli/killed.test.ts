import { killedSuite } from '../../support/suites/killed.js';

killedSuite({ wrappers: 2, moments: 8, guardians: 3 });
