import { attacksSuite } from '../../support/suites/attacks.js';

attacksSuite({ swapped: 300, tampered: 500 });
