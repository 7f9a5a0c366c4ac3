// The glue of @litertjs/core as a module: the published file is a script that leaves its factory in a global variable. The derived
// files lie beside the Worker that imports them; git ignores them.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../build/project.ts';

const published = join(projectRoot, 'node_modules', '@litertjs', 'core', 'wasm');
const target = join(projectRoot, 'scripts', 'checks', 'bench', 'workers', 'engines', 'litert');
/** With relaxed SIMD, without threads, without the suspending of promises. */
const name = 'litert_wasm_internal';

export async function deriveLiteRt(): Promise<void> {
  const glue = await readFile(join(published, `${name}.js`), 'utf8');
  if (!glue.includes('var ModuleFactory = ')) throw new Error(`${name}.js: expected a variable ModuleFactory`);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, `${name}.mjs`), `${glue}\nexport default ModuleFactory;\n`);
  await copyFile(join(published, `${name}.wasm`), join(target, `${name}.wasm`));
}
