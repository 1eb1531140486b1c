import { conforming } from '../conforming.js';
import { proftpd } from '../servers.js';

conforming(proftpd);
