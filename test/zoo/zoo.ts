// Where the zoo of real models and odd files is, if this machine has one.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.POPSERVE_MODEL_ZOO ?? join(import.meta.dirname, '../../../shared/models');

/** For `describe.skipIf(!hasZoo)`. */
export const hasZoo = existsSync(folder);

export function zooPath(...parts: string[]): string {
  return join(folder, ...parts);
}

export function zooFile(...parts: string[]): Uint8Array {
  return readFileSync(zooPath(...parts));
}

export function zooJson<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(zooPath(...parts), 'utf8'));
}
