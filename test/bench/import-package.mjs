// @ts-check
import 'vfs-lockfile';
