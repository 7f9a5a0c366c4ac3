// The operator's token between the moment it is made and the moment somebody has seen it: a file that only its owner reads, so that
// a run that is interrupted after the upload does not leave a Worker whose token nobody knows.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Target } from '../target.ts';

export class PendingToken {
  readonly #path: string;

  constructor({ folder, worker }: Pick<Target, 'folder' | 'worker'>) {
    this.#path = join(folder, '.popserve', 'deploy', `${worker}.token`);
  }

  /** Null if none is waiting to be shown. */
  async read(): Promise<string | null> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    return text.trim() || null;
  }

  async make(): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    await writeFile(this.#path, `${token}\n`, { mode: 0o600 });
    return token;
  }

  async forget(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
