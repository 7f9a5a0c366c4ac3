// Folders of built files, kept under the digest of their sources. Several processes, also of several checkouts, may share a
// cache: nobody takes a folder away that another process may be reading, and one that has lost files is built again.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface CachedBuild {
  readonly directory: string;
  /** Files that the build made, by name: in memory, so that the folder is not needed any more. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface BuildRequest {
  readonly cache: string;
  /** Name of the thing that is built: letters and hyphens. */
  readonly name: string;
  readonly digest: string;
  /** Writes its files into an empty folder. */
  readonly build: (directory: string) => Promise<void>;
  /** Which files are kept; the others may go missing. */
  readonly keeps: (file: string) => boolean;
}

/** A folder that nobody has asked for in so long is removed. No process uses one for longer without asking again. */
const unusedMs = 7 * 24 * 60 * 60 * 1000;
/** Written last, so that a folder that has it was complete: names and sizes. */
const listing = 'files.json';

/** @returns the files from the cache, or built and put there. @throws what `build` throws */
export async function cachedBuild(request: BuildRequest): Promise<CachedBuild> {
  const { cache, name, digest } = request;
  const directory = join(cache, `${name}-${digest}`);
  const known = await readComplete(directory);
  if (known !== null) {
    const now = new Date();
    await utimes(directory, now, now).catch(() => {});
    return { directory, files: known };
  }
  await mkdir(cache, { recursive: true });
  await removeUnused(cache, name);
  return { directory, files: await buildInto(directory, request) };
}

async function buildInto(
  directory: string,
  { cache, name, build, keeps }: BuildRequest,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const fresh = await mkdtemp(join(cache, `${name}-fresh-`));
  try {
    await build(fresh);
    const files = new Map<string, Uint8Array>();
    for (const file of await readdir(fresh)) if (keeps(file)) files.set(file, await readFile(join(fresh, file)));
    const sizes = Object.fromEntries([...files].map(([file, bytes]) => [file, bytes.length]));
    await writeFile(join(fresh, listing), JSON.stringify(sizes));
    await moveTo(directory, fresh);
    return files;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** When two builds run at once, the second finds the same content in its place and keeps it if it is complete. */
async function moveTo(directory: string, fresh: string): Promise<void> {
  const taken = await rename(fresh, directory).then(
    () => false,
    () => true,
  );
  if (!taken || (await readComplete(directory)) !== null) return;
  const incomplete = `${fresh}-incomplete`;
  await rename(directory, incomplete).catch(() => {});
  // Where this fails as well, the files are in memory and the next process builds again.
  await rename(fresh, directory).catch(() => {});
  await rm(incomplete, { recursive: true, force: true });
}

/** Null if the folder is not there or has lost any of its files. */
async function readComplete(directory: string): Promise<ReadonlyMap<string, Uint8Array> | null> {
  try {
    const sizes: Record<string, number> = JSON.parse(await readFile(join(directory, listing), 'utf8'));
    const files = new Map<string, Uint8Array>();
    for (const [file, size] of Object.entries(sizes)) {
      const bytes = await readFile(join(directory, file));
      if (bytes.length !== size) return null;
      files.set(file, bytes);
    }
    return files;
  } catch {
    return null;
  }
}

async function removeUnused(cache: string, name: string): Promise<void> {
  for (const entry of await readdir(cache)) {
    if (!entry.startsWith(`${name}-`)) continue;
    const path = join(cache, entry);
    const usedMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    if (Date.now() - usedMs > unusedMs) await rm(path, { recursive: true, force: true });
  }
}
