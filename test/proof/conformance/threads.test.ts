import { threadContracts } from '../../support/stores/contracts.js';

threadContracts();
