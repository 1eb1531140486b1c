import { memoryContracts } from '../../support/stores/contracts.js';

// `test/proof` runs the races as often as users do.
memoryContracts({ rounds: 10 });
