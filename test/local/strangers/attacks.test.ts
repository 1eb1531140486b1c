import { attacksSuite, ROOT } from '../../support/suites/attacks.js';

attacksSuite({ evicted: 2, swept: 2, cycled: 10, renewed: 30 }, [['root', ROOT]]);
