// `npm run build:client`: the client into client/dist, and how large its modules are.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildClient, clientFolder, clientModules } from './client.ts';

await buildClient({ declarations: true });
for (const file of Object.values(clientModules)) {
  const built = await readFile(join(clientFolder, file));
  console.log(`client/dist/${file}: ${built.length} bytes, ${gzipSync(built, { level: 9 }).length} gzipped`);
}
