import { conforming } from '../conforming.js';
import { openSsh } from '../servers.js';

conforming(openSsh, 50);
