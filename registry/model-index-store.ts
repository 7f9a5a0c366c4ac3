// Where the index of all models is kept, with marks for the models that are being changed.
import type { ModelIndex } from './model-index.ts';

export interface StoredIndex {
  readonly index: ModelIndex;
  /** Of the object that was read; null: there is none. */
  readonly etag: string | null;
}

/** A change of a model that was begun. Until it is ended, the index may say less of the model than the registry. */
export interface ChangeMark {
  readonly id: string;
  readonly model: string;
  readonly sinceAt: Date;
}

export interface ModelIndexStore {
  /** An index that is missing or damaged counts as one without models. */
  read(): Promise<StoredIndex>;
  /**
   * Writes the index over the one that was read.
   * @returns false if another writer was first, or storage refuses a second write within a second
   */
  write(index: ModelIndex, etag: string | null): Promise<boolean>;
  /** Marks a model as being changed. @returns the mark's id */
  mark(model: string): Promise<string>;
  unmark(ids: readonly string[]): Promise<void>;
  listMarks(): Promise<ChangeMark[]>;
}
