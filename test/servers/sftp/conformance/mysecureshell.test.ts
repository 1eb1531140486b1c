import { conforming } from '../conforming.js';
import { mySecureShell } from '../servers.js';

conforming(mySecureShell);
