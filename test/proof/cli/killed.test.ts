import { killedSuite } from '../../support/suites/killed.js';

killedSuite({ wrappers: 5, moments: 24, guardians: 10 });
