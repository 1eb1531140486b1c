import { journalKilledSuite } from '../../support/suites/journal-killed.js';

journalKilledSuite(120);
