import { threadContracts } from '../../support/stores/contracts.js';

// `test/proof` runs the races as often as users do.
threadContracts({ rounds: 10 });
