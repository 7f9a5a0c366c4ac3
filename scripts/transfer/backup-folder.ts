// A backup on disk: one file for each object of the registry, under its key, and an index with sizes and digests. The index is written
// last, and a file whole or not at all, so a backup that ends half-way is completed by the next one.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { PopserveError } from '../../registry/errors.ts';
import { digestSchema } from '../../registry/names.ts';
import { type ObjectKey, readObjectKey } from '../../registry/object-key.ts';
import { parse, parseJson } from '../../registry/parse.ts';
import { fileError, isMissing, replaceFile } from './file-bytes.ts';

const entrySchema = z.strictObject({
  bytes: z.int().min(0),
  sha256: digestSchema,
  /** The registry's tag of this content. */
  etag: z.string(),
  storedAt: z.iso.datetime(),
});

export type BackupEntry = z.infer<typeof entrySchema>;

const indexSchema = z.strictObject({
  schema: z.literal(1),
  /** The place that the backup is of. */
  source: z.url(),
  /** When the backup was last completed; null: never yet. */
  takenAt: z.iso.datetime().nullable(),
  objects: z.record(z.string(), entrySchema),
});

/** How many new objects an interruption may lose the index of; their files are there and blobs are not fetched again. */
const savedEvery = 200;

export class BackupFolder {
  readonly directory: string;
  readonly source: string;
  readonly entries: Map<string, BackupEntry>;
  takenAt: string | null;
  #unsaved = 0;

  private constructor(directory: string, index: z.infer<typeof indexSchema>) {
    this.directory = directory;
    this.source = index.source;
    this.takenAt = index.takenAt;
    this.entries = new Map(Object.entries(index.objects));
  }

  /**
   * @param source where a new backup is to be taken from; without it the backup must be there
   * @throws {PopserveError} NOT_FOUND when there is no backup; CONFLICT when it is of another place; INTERNAL when it is damaged
   */
  static async open(directory: string, source?: string): Promise<BackupFolder> {
    const file = join(directory, 'index.json');
    const text = await readFile(file, 'utf8').catch((error) => {
      if (isMissing(error)) return null;
      throw fileError('read', file, error);
    });
    if (text === null) {
      if (source !== undefined) return new BackupFolder(directory, { schema: 1, source, takenAt: null, objects: {} });
      throw new PopserveError('NOT_FOUND', `${file} is not there: ${directory} holds no backup`);
    }
    const index = parse(indexSchema, parseJson(text, file, 'INTERNAL'), file, 'INTERNAL');
    if (source !== undefined && index.source !== source) {
      throw new PopserveError(
        'CONFLICT',
        `${directory} is a backup of ${index.source}; choose another folder for ${source}`,
      );
    }
    const folder = new BackupFolder(directory, index);
    for (const key of folder.entries.keys()) folder.about(key);
    return folder;
  }

  /** @throws {PopserveError} INTERNAL for a key that a registry does not use: no path is made of it */
  about(key: string): ObjectKey {
    const about = readObjectKey(key);
    if (about !== null) return about;
    throw new PopserveError('INTERNAL', `'${key.slice(0, 200)}' in ${this.directory} is not a key of a registry`);
  }

  /** Capitals are spelled `!a`: some file systems take 1A and 1a for one name. */
  fileOf(key: string): string {
    this.about(key);
    return join(
      this.directory,
      key.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`),
    );
  }

  async makeRoomFor(key: string): Promise<string> {
    const file = this.fileOf(key);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 }).catch((error) => {
      throw fileError('write', file, error);
    });
    return file;
  }

  /** @throws {PopserveError} INTERNAL when the file cannot be read */
  async readText(key: string): Promise<string> {
    const file = this.fileOf(key);
    return await readFile(file, 'utf8').catch((error) => {
      throw fileError('read', file, error);
    });
  }

  async add(key: string, entry: BackupEntry): Promise<void> {
    this.entries.set(key, entry);
    this.#unsaved += 1;
    if (this.#unsaved >= savedEvery) await this.save();
  }

  async remove(key: string): Promise<void> {
    this.entries.delete(key);
    await rm(this.fileOf(key), { force: true });
  }

  async save(): Promise<void> {
    this.#unsaved = 0;
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const objects = Object.fromEntries([...this.entries].sort(([a], [b]) => (a < b ? -1 : 1)));
    const index = { schema: 1, source: this.source, takenAt: this.takenAt, objects };
    await replaceFile(join(this.directory, 'index.json'), `${JSON.stringify(index, null, 1)}\n`);
  }
}
