import { ledgerSuite } from '../../support/suites/ledger.js';

ledgerSuite(3);
