// The index of all models in R2 under index/models.json, and a mark for each change under way under index/changes/<model>/<random>.
// Each mark has a key of its own, because R2 takes one write a second to a key.
import type { R2Bucket } from '@cloudflare/workers-types';
import { indexText, type ModelIndex, parseIndex } from './model-index.ts';
import type { ChangeMark, ModelIndexStore, StoredIndex } from './model-index-store.ts';
import { deleteObjects, listKeys, putObject } from './r2-objects.ts';
import { isWriteRefused } from './write-rate.ts';

const indexKey = 'index/models.json';
const marksFolder = 'index/changes/';

export class R2ModelIndexStore implements ModelIndexStore {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async read(): Promise<StoredIndex> {
    const object = await this.#bucket.get(indexKey);
    if (object === null) return { index: { complete: false, models: new Map() }, etag: null };
    return { index: parseIndex(await object.text()), etag: object.etag };
  }

  async write(index: ModelIndex, etag: string | null): Promise<boolean> {
    const onlyIf = etag === null ? { etagDoesNotMatch: '*' } : { etagMatches: etag };
    const httpMetadata = { contentType: 'application/json' };
    try {
      return (await putObject(this.#bucket, indexKey, indexText(index), { onlyIf, httpMetadata })) !== null;
    } catch (error) {
      if (isWriteRefused(error)) return false;
      throw error;
    }
  }

  async mark(model: string): Promise<string> {
    const id = `${model}/${crypto.randomUUID()}`;
    await putObject(this.#bucket, marksFolder + id, '');
    return id;
  }

  async unmark(ids: readonly string[]): Promise<void> {
    const keys = ids.map((id) => marksFolder + id);
    if (keys.length > 0) await deleteObjects(this.#bucket, keys);
  }

  async listMarks(): Promise<ChangeMark[]> {
    const marks: ChangeMark[] = [];
    for await (const { key, uploaded } of listKeys(this.#bucket, marksFolder)) {
      const id = key.slice(marksFolder.length);
      marks.push({ id, model: id.slice(0, id.indexOf('/')), sinceAt: uploaded });
    }
    return marks;
  }
}
