// Checks a blob's digest without keeping the bytes.
import { toHex } from '../../registry/bytes.ts';
import { CorruptBlobError } from './corrupt-blob-error.ts';

/** @throws {CorruptBlobError} when the bytes do not have the digest that they should */
export async function verifyBlob(
  body: ReadableStream<Uint8Array>,
  artifact: { readonly digest: string; readonly bytes: number },
): Promise<void> {
  const hash = new crypto.DigestStream('SHA-256');
  await body.pipeTo(hash);
  const digest = `sha256:${toHex(new Uint8Array(await hash.digest))}`;
  if (digest !== artifact.digest) throw new CorruptBlobError(artifact.digest, `the bytes that came have ${digest}`);
}
