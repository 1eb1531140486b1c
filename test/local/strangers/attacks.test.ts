import { attacksSuite } from '../../support/suites/attacks.js';

attacksSuite({ swapped: 60, swept: 1, tampered: 100 });
