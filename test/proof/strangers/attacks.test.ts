import { attacksSuite } from '../../support/suites/attacks.js';

attacksSuite({ swapped: 300, swept: 5, tampered: 500 });
