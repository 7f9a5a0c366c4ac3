// Immutable bytes addressed by their SHA-256. An interface, so that a test can stand between the registry and R2.
import type { ReadableStream } from '@cloudflare/workers-types';
import type { Digest } from './names.ts';

export interface ByteRange {
  offset: number;
  length: number;
}

export interface BlobInfo {
  digest: Digest;
  bytes: number;
  storedAt: Date;
}

export interface Blob extends BlobInfo {
  /** All bytes, or those of the range that was asked for. */
  body: ReadableStream<Uint8Array>;
}

/** The bytes of a new blob. A stream must know its length: a request body with Content-Length, or a FixedLengthStream. */
export type BlobBody = ReadableStream | Uint8Array;

export interface BlobStore {
  head(digest: Digest): Promise<BlobInfo | null>;
  /**
   * Stores the bytes unless they are there already.
   * @returns whether they were stored
   * @throws {PopserveError} UNPROCESSABLE when the bytes do not have this digest; then nothing is stored
   */
  create(digest: Digest, body: BlobBody): Promise<boolean>;
  /**
   * Stores bytes that are there already once more, which proves that whoever sends them has them.
   * @throws {PopserveError} UNPROCESSABLE when the bytes do not have this digest; then nothing changes
   */
  confirm(digest: Digest, body: BlobBody): Promise<void>;
  /** Records that an uploader has sent these bytes. The record outlives the blob: it says only that the uploader knew them. */
  addUploader(digest: Digest, uploader: string): Promise<void>;
  isUploadedBy(digest: Digest, uploader: string): Promise<boolean>;
  /** @param range must lie within the blob */
  get(digest: Digest, range?: ByteRange): Promise<Blob | null>;
  list(): AsyncIterable<BlobInfo>;
  delete(digests: readonly Digest[]): Promise<void>;
}
