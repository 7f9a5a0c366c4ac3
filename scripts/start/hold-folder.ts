// Keeps a data folder for one local PoP: two on the same files would overwrite each other's registry. The mark is a socket, because
// the system takes it back whichever way the process ends.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PopserveError } from '../../registry/errors.ts';

export interface Hold extends AsyncDisposable {
  /** Tells others who want the folder where the PoP listens. */
  listensAt(url: URL): void;
}

/**
 * @param folder is made if it is not there
 * @throws {PopserveError} CONFLICT that names the PoP that has the folder
 */
export async function holdFolder(folder: string): Promise<Hold> {
  await mkdir(folder, { recursive: true });
  const path = socketPath(folder);
  let place = 'and is starting';
  const server = createServer((socket) => {
    // Whoever asks may be gone before the answer.
    socket.on('error', () => {});
    socket.end(`${place} (process ${process.pid})`);
  });
  if (!(await listen(server, path))) {
    const answer = await askHolder(path);
    if (answer !== null) {
      throw new PopserveError(
        'CONFLICT',
        `a local PoP already runs on the data in ${folder} ${answer}; use that one, stop it, or keep other data with --data DIR`,
      );
    }
    // A process that was killed leaves the name of its socket behind.
    await rm(path, { force: true });
    if (!(await listen(server, path)))
      throw new PopserveError('CONFLICT', `two PoPs start on the data in ${folder} at once`);
  }
  server.unref();
  return {
    listensAt: (url) => {
      place = `and listens on ${url.origin}`;
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Named after the folder and not inside it: the path of a socket has at most 100 or so bytes. */
function socketPath(folder: string): string {
  const name = `popserve-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 16)}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/** @returns false if the name is taken */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(path, () => resolve(true));
  });
}

/** @returns what the process that listens says of its PoP; null if none does */
async function askHolder(path: string): Promise<string | null> {
  try {
    return await text(connect(path));
  } catch {
    return null;
  }
}
