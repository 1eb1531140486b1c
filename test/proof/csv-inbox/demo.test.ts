import { demoSuite } from '../../support/suites/demo.js';

demoSuite({ quick: false });
