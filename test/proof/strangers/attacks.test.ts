import { attacksSuite } from '../../support/suites/attacks.js';

attacksSuite({ swapped: 300, swept: 25, tampered: 500 });
