// The project whose PoP an operator runs and deploys: a folder with a wrangler file, which `popserve init` wrote or which is a
// checkout of popserve.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isBuilt, projectRoot } from './project.ts';

/** In the order in which wrangler looks for them. */
const wranglerFiles = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'];

export interface OperatorProject {
  readonly folder: string;
  /** Path of the wrangler file; null: the folder has none. */
  readonly config: string | null;
}

/**
 * @param from where the operator is
 * @returns the nearest folder upwards that has a wrangler file, else the checkout that this runs in, else the folder itself
 */
export function findProject(from = process.cwd()): OperatorProject {
  for (let folder = from; ; folder = dirname(folder)) {
    const config = wranglerFileIn(folder);
    if (config !== null) return { folder, config };
    if (folder === dirname(folder)) break;
  }
  return isBuilt ? { folder: from, config: null } : { folder: projectRoot, config: wranglerFileIn(projectRoot) };
}

function wranglerFileIn(folder: string): string | null {
  return wranglerFiles.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
