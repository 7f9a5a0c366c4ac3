// Declarations of a package's public types: of all that the compiler writes, those that the entries reach.
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The compiler has resolved every import already, so a relative one names a file. */
const imported = /(?:from|import)\s*\(?\s*'(\.[^']*)\.ts'/g;

/** @param entries relative to the folder, as all files that they import are */
export async function copyReached(from: string, to: string, entries: readonly string[]): Promise<void> {
  const reached = new Set(entries);
  for (const file of reached) {
    const text = await readFile(join(from, file), 'utf8');
    for (const [, name] of text.matchAll(imported)) reached.add(join(dirname(file), `${name}.d.ts`));
    await mkdir(dirname(join(to, file)), { recursive: true });
    await copyFile(join(from, file), join(to, file));
  }
}
