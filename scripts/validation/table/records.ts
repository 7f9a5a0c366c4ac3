// The rows of a data file before anything is known of the model: names of columns, and cells in the form they are written in.

/**
 * A cell: text as CSV has it, or JSON's; a number of JSON as the digits that stand in the file, so that it keeps all of them. A list
 * holds several elements of one input.
 */
export type Cell = string | boolean | null | readonly Cell[] | NestedObject;

/** An object within a row, which no input takes. */
export class NestedObject {
  toJSON(): string {
    return '{…}';
  }
}

export interface Records {
  readonly columns: readonly string[];
  /** Undefined where a JSON line lacks the key. */
  readonly rows: readonly (readonly (Cell | undefined)[])[];
  /** Assumptions, one sentence each. */
  readonly notes: readonly string[];
}
