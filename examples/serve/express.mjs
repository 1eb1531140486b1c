// Serves the locks in a folder below /locks of an Express application:  node express.mjs FOLDER [PORT]
import express from 'express';
import { lockService, nodeListener } from 'vfs-lockfile/serve';

const [location = 'inbox', port = '8080'] = process.argv.slice(2);

const app = express();
// Before anything that reads bodies, such as express.json().
app.use('/locks', nodeListener(lockService({ location, basePath: '/locks', onError: console.error })));
app.get('/', (_request, response) => void response.send('The application itself.'));
const server = app.listen(Number(port), '127.0.0.1', () => console.log('listening', server.address()));
