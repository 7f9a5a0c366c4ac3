// Bytes between the network and files, streamed: what is transferred may be larger than is wise to keep in memory.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { PopserveError } from '../../registry/errors.ts';
import type { Digest } from '../../registry/names.ts';

/** Others on this machine have no business with models, keys and audits. */
const privateMode = 0o600;

/** @returns null if there is no such file */
export async function sizeOfFile(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isMissing(error)) return null;
    throw fileError('read', file, error);
  }
}

/** SHA-256 and size of a file. */
export async function describeFile(file: string): Promise<{ digest: Digest; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    throw fileError('read', file, error);
  }
  return { digest: `sha256:${hash.digest('hex')}`, bytes };
}

/**
 * Writes a body as it arrives, from `start` on; what the file had from there on is dropped.
 * @throws {PopserveError} INTERNAL if the file cannot be written; other errors are those of the body
 */
export async function receiveInto(file: string, start: number, body: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, start === 0 ? 'w' : 'r+', privateMode).catch((error) => {
    throw fileError('write', file, error);
  });
  const write = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      throw fileError('write', file, error);
    }
  };
  try {
    await write(() => handle.truncate(start));
    let position = start;
    for await (const chunk of body) {
      for (let done = 0; done < chunk.length; ) {
        const from = done;
        await write(async () => {
          done += (await handle.write(chunk, from, chunk.length - from, position + from)).bytesWritten;
        });
      }
      position += chunk.length;
    }
  } finally {
    await handle.close();
  }
}

/** Writes a file so that a reader, or a process that ends half-way, finds all of it or the one from before. */
export async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const part = `${file}.part`;
  try {
    const handle = await open(part, 'w', privateMode);
    try {
      // A part that was left by an earlier call keeps its rights otherwise.
      await handle.chmod(privateMode);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    throw fileError('write', file, error);
  }
}

/** The received bytes take their name if they have the digest, else they are removed. @throws {PopserveError} UNPROCESSABLE */
export async function settleFile(part: string, file: string, digest: Digest): Promise<void> {
  const found = await describeFile(part);
  if (found.digest === digest) {
    await rename(part, file);
    return;
  }
  await rm(part, { force: true });
  throw new PopserveError('UNPROCESSABLE', `expected bytes with the digest ${digest}, received ${found.digest}`);
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

export function fileError(verb: 'read' | 'write', file: string, cause: unknown): PopserveError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PopserveError('INTERNAL', `cannot ${verb} ${file}: ${reason}`, { cause });
}
