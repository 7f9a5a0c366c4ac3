// `npm run build:client`: the client into client/dist, and how large it is.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildClient, clientFolder } from './client.ts';

await buildClient({ declarations: true });
const built = await readFile(join(clientFolder, 'index.js'));
console.log(`client/dist/index.js: ${built.length} bytes, ${gzipSync(built, { level: 9 }).length} gzipped`);
