// Where popserve lies: a checkout, whose TypeScript runs as it is, or the installed package, whose dist/ was built from it.
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the checkout or of the package: this file is as deep in scripts/build as what is built of it is in dist/cli. */
export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Whether this is the package. Node strips no types under node_modules, so it holds no TypeScript. */
export const isBuilt = import.meta.filename.endsWith('.js');

/** Folder of the built command. */
export const commandFolder = join(projectRoot, 'dist', 'cli');

/**
 * A module that runs as a process of its own.
 * @param source its path in the checkout, such as `scripts/inspect/native-child.ts`; scripts/build/package/command.ts builds it
 * under the same name
 */
export function processModule(source: string): string {
  if (!isBuilt) return join(projectRoot, source);
  return join(commandFolder, source.replace(/^.*\//, '').replace(/\.ts$/, '.js'));
}

/** A file of a dependency that is not code, such as its WASM; the package has a copy. */
export function dependencyFile(specifier: string): string {
  if (!isBuilt) return fileURLToPath(import.meta.resolve(specifier));
  return join(commandFolder, specifier.replace(/^.*\//, ''));
}
