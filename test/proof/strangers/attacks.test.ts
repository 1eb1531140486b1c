import { attackRounds } from '../../support/suites/attack-rounds.js';
import { attacksSuite } from '../../support/suites/attacks.js';

attacksSuite({
  evicted: attackRounds(20),
  swept: attackRounds(60),
  cycled: attackRounds(400),
  renewed: attackRounds(500),
});
