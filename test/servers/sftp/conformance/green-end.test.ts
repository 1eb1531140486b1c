import { conforming } from '../conforming.js';
import { greenEnd } from '../servers.js';

conforming(greenEnd);
