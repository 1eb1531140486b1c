import { attacksSuite } from '../../support/suites/attacks.js';

attacksSuite({ swapped: 60, tampered: 100 });
