// Trials in R2: trials/<model>/<version>/proven, and trials/<model>/<version>/attempt-<number> for each attempt that has not ended
// well. The objects are empty; what they say is in their metadata, so that one list tells all of a version.
import type { R2Bucket, R2Object } from '@cloudflare/workers-types';
import { createOnly, deleteObjects, listObjects, putObject } from './r2-objects.ts';
import type { Attempt, TrialState } from './trial.ts';
import type { TrialStore } from './trial-store.ts';

const attemptName = /^attempt-(\d{1,4})$/;
/** R2 keeps 2 KiB of metadata with an object, and an escaped character takes up to 9 bytes. */
const longestFailure = 180;

export class R2TrialStore implements TrialStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async read(model: string, version: string): Promise<TrialState> {
    const folder = folderOf(model, version);
    const attempts: Attempt[] = [];
    let proven = false;
    for await (const object of listObjects(this.#bucket, folder)) {
      const name = object.key.slice(folder.length);
      if (name === 'proven') proven = true;
      const [, number] = attemptName.exec(name) ?? [];
      if (number !== undefined) attempts.push(attemptOf(Number(number), object));
    }
    return { proven, attempts };
  }

  async isProven(model: string, version: string): Promise<boolean> {
    return (await this.#bucket.head(`${folderOf(model, version)}proven`)) !== null;
  }

  begin(
    model: string,
    version: string,
    { number, by, pop }: { number: number; by: string; pop: string },
  ): Promise<boolean> {
    return createOnly(this.#bucket, keyOf(model, version, number), '', { customMetadata: { by, pop } });
  }

  async fail(
    model: string,
    version: string,
    { number, by, pop }: { number: number; by: string; pop: string },
    reason: string,
  ): Promise<void> {
    const failure = encodeURIComponent(reason.slice(0, longestFailure).toWellFormed());
    await putObject(this.#bucket, keyOf(model, version, number), '', { customMetadata: { by, pop, failure } });
  }

  async abandon(model: string, version: string, number: number): Promise<void> {
    await deleteObjects(this.#bucket, [keyOf(model, version, number)]);
  }

  async prove(model: string, version: string): Promise<void> {
    await createOnly(this.#bucket, `${folderOf(model, version)}proven`, '');
  }

  async clear(model: string, version: string): Promise<void> {
    const { attempts } = await this.read(model, version);
    if (attempts.length === 0) return;
    const keys = attempts.map(({ number }) => keyOf(model, version, number));
    await deleteObjects(this.#bucket, keys);
  }
}

function attemptOf(number: number, { customMetadata = {}, uploaded }: R2Object): Attempt {
  const { by = '', pop = '', failure } = customMetadata;
  return { number, by, pop, startedAt: uploaded, failure: failure === undefined ? null : decoded(failure) };
}

/** Text that was damaged is told as it is: the attempt has failed all the same. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function folderOf(model: string, version: string): string {
  return `trials/${model}/${version}/`;
}

function keyOf(model: string, version: string, number: number): string {
  return `${folderOf(model, version)}attempt-${number}`;
}
