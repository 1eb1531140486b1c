import { conforming } from '../conforming.js';
import { openSshUnprivileged } from '../servers.js';

conforming(openSshUnprivileged);
