import { diskContracts } from '../../support/stores/contracts.js';

diskContracts();
