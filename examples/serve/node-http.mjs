// Serves the locks in a folder at http://127.0.0.1:8080/:  node node-http.mjs FOLDER [PORT]
import { createServer } from 'node:http';

import { lockService, nodeListener } from 'vfs-lockfile/serve';

const [location = 'inbox', port = '8080'] = process.argv.slice(2);

const server = createServer(nodeListener(lockService({ location, onError: console.error })));
server.listen(Number(port), '127.0.0.1', () => console.log('listening', server.address()));
