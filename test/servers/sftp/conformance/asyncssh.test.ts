import { conforming } from '../conforming.js';
import { asyncSsh } from '../servers.js';

conforming(asyncSsh);
