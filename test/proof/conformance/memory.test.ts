import { memoryContracts } from '../../support/stores/contracts.js';

memoryContracts();
