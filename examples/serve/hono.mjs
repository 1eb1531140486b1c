// Serves the locks in a folder below /locks of a Hono application:  node hono.mjs FOLDER [PORT]
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { lockService } from 'vfs-lockfile/serve';

const [location = 'inbox', port = '8080'] = process.argv.slice(2);

const locks = lockService({ location, basePath: '/locks', onError: console.error });
const app = new Hono();
app.all('/locks/*', (context) => locks(context.req.raw));
app.get('/', (context) => context.text('The application itself.'));
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' }, (address) => console.log('listening', address));
