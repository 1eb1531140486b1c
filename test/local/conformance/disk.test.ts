import { diskContracts } from '../../support/stores/contracts.js';

// `test/proof` runs the races as often as users do.
diskContracts({ rounds: 10 });
