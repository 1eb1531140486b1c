import { openSshStore } from '../../support/operate/sftp.js';
import { onEachStore } from '../../support/operate/stores.js';
import { zombieSuite, ZOMBIES_ON_SERVERS } from '../../support/operate/suites/zombies.js';

onEachStore([openSshStore], zombieSuite(ZOMBIES_ON_SERVERS));
