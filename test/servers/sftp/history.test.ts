import { historySuite } from '../../support/histories/suite.js';
import { openSshStore } from '../../support/operate/sftp.js';
import { onEachStore } from '../../support/operate/stores.js';

onEachStore([openSshStore], historySuite({ acquisitions: 60 }));
