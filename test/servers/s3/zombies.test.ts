import { ceph, seaweed } from '../../support/operate/buckets.js';
import { onEachStore } from '../../support/operate/stores.js';
import { zombieSuite, ZOMBIES_ON_SERVERS } from '../../support/operate/suites/zombies.js';

onEachStore([ceph, seaweed], zombieSuite(ZOMBIES_ON_SERVERS));
