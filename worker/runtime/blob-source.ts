// The bytes of models, as a load needs them. Implemented outside this folder (worker/cache); the reader checks the digest.

export interface OpenBlob {
  readonly body: ReadableStream<Uint8Array>;
  readonly from: 'cache' | 'registry';
}

export interface BlobSource {
  /** Opens the nearest copy. It may be damaged. */
  open(digest: string): Promise<OpenBlob>;
  /** Opens the original, past every copy. */
  openRegistry(digest: string): Promise<OpenBlob>;
  /** Keeps a near copy of a blob whose digest was checked. */
  keep(digest: string): Promise<void>;
  /** Takes away a near copy that was found to be damaged. */
  drop(digest: string): Promise<void>;
}
