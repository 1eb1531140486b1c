import { sweepRacesSuite } from '../../support/suites/sweep-races.js';

sweepRacesSuite({ plays: 12, blindPlays: 5 });
