// `popserve init`: writes a new project, beside files that are there already and never over them.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PopserveError } from '../../registry/errors.ts';
import { type ProjectOptions, projectFiles, secretsFile } from './project-files.ts';

/**
 * @param folder is made if it is not there
 * @returns the paths of the files in it
 * @throws {PopserveError} CONFLICT if any of them is there already; then nothing is written
 */
export async function writeProject(folder: string, options: ProjectOptions): Promise<string[]> {
  const files = projectFiles(options);
  const taken = [...files.keys()].filter((file) => existsSync(join(folder, file)));
  if (taken.length > 0) {
    throw new PopserveError(
      'CONFLICT',
      `${folder} already has ${taken.join(', ')}; choose a folder without, nothing was written`,
    );
  }
  for (const [file, content] of files) {
    const path = join(folder, file);
    await mkdir(dirname(path), { recursive: true });
    // Fails if the file has appeared meanwhile.
    await writeFile(path, content, { flag: 'wx', mode: file === secretsFile ? 0o600 : 0o666 });
  }
  return [...files.keys()];
}
