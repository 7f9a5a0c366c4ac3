// `npm run build`: dist/ and client/dist/, which the npm package holds; `npm pack` runs it first.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mebibytes } from '../../../registry/mebibytes.ts';
import { projectRoot } from '../project.ts';
import { buildPackage } from './build.ts';

await buildPackage();
for (const folder of ['dist/worker', 'dist/cli', 'client/dist']) {
  let bytes = 0;
  for (const file of await readdir(join(projectRoot, folder), { recursive: true, withFileTypes: true })) {
    if (file.isFile()) bytes += (await stat(join(file.parentPath, file.name))).size;
  }
  // npm shows what its scripts print on standard error while it packs.
  process.stderr.write(`${folder}: ${mebibytes(bytes, 2)}\n`);
}
