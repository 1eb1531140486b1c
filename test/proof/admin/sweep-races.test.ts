import { sweepRacesSuite } from '../../support/suites/sweep-races.js';

sweepRacesSuite({ plays: 150, blindPlays: 20 });
