// One spelling for one converted model. onnxruntime lays a table of its kernels' type names out at the front of an ORT file in the
// order of a hash map, which differs from run to run; laid out anew, the same source gives the same bytes and so the same digest.
// @see onnxruntime/core/flatbuffers/schema/ort.fbs, https://flatbuffers.dev/internals

interface ArgumentEntry {
  /** 0 input, 1 output. */
  readonly kind: number;
  readonly index: number;
}

interface TypeEntry {
  readonly name: string;
  readonly values: readonly ArgumentEntry[];
}

interface OperatorEntry {
  readonly name: string;
  readonly values: readonly TypeEntry[];
}

/** Slots of the tables' fields. */
const session = { ortVersion: 0, model: 1, kernelTypes: 3 } as const;
const namedList = { name: 0, values: 1 } as const;
const argument = { kind: 0, index: 1 } as const;
/** The part before the model's stays a multiple of this away from the end, so that no tensor loses its alignment. */
const alignment = 64;

/**
 * The same model with its table of type names laid out in the order of its (sorted) index.
 * @returns the file as it was where it is not laid out as onnxruntime 1.30 does it: an order of bytes is not worth a failure
 */
export function canonicalOrt(file: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  try {
    return layOutTypeNames(file) ?? file;
  } catch (error) {
    if (error instanceof RangeError) return file;
    throw error;
  }
}

/** The table is written last and so lies first, with the root; all behind it only points further on, and is moved as a whole. */
function layOutTypeNames(file: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  const reader = new Reader(file);
  const root = reader.follow(0);
  const [ortVersion, model, kernelTypes] = [session.ortVersion, session.model, session.kernelTypes].map((slot) =>
    reader.reference(root, slot),
  );
  if (ortVersion === undefined || model === undefined || kernelTypes === undefined) return null;
  if (ortVersion === 0 || model === 0 || kernelTypes === 0) return null;
  const bodyStart = Math.min(ortVersion, model, reader.vtable(model));
  const operators = reader.list(kernelTypes, 0, (entry) => readOperator(reader, entry));
  if (reader.end > bodyStart) return null;

  const body = file.subarray(bodyStart);
  const head = writeHead(operators);
  const shift = Math.ceil((head.bytes.length + body.length) / alignment) * alignment - body.length - bodyStart;
  const canonical = new Uint8Array(bodyStart + shift + body.length);
  canonical.set(head.bytes);
  canonical.set(body, bodyStart + shift);
  const view = new DataView(canonical.buffer);
  view.setUint32(head.ortVersionAt, ortVersion + shift - head.ortVersionAt, true);
  view.setUint32(head.modelAt, model + shift - head.modelAt, true);
  return canonical;
}

function readOperator(reader: Reader, entry: number): OperatorEntry {
  const values = reader.list(entry, namedList.values, (type) => ({
    name: reader.text(type, namedList.name),
    values: reader.list(type, namedList.values, (value) => ({
      kind: reader.number(value, argument.kind, 1),
      index: reader.number(value, argument.index, 4),
    })),
  }));
  return { name: reader.text(entry, namedList.name), values };
}

/** Reads tables of a flatbuffer; throws RangeError where an offset leads out of it. */
class Reader {
  /** End of the tables and lists that were read; strings may be shared with what lies behind. */
  end = 0;
  readonly #view: DataView;

  constructor(file: Uint8Array<ArrayBuffer>) {
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  }

  follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  vtable(table: number): number {
    return table - this.#view.getInt32(table, true);
  }

  /** Where a field lies; 0 if it has its default value. */
  field(table: number, slot: number): number {
    const vtable = this.vtable(table);
    const size = this.#view.getUint16(vtable, true);
    const offset = 4 + 2 * slot < size ? this.#view.getUint16(vtable + 4 + 2 * slot, true) : 0;
    return offset === 0 ? 0 : table + offset;
  }

  /** The position that a field points to; 0 if it is absent. */
  reference(table: number, slot: number): number {
    const at = this.field(table, slot);
    return at === 0 ? 0 : this.follow(at);
  }

  number(table: number, slot: number, bytes: 1 | 4): number {
    const at = this.field(table, slot);
    if (at === 0) return 0;
    return bytes === 1 ? this.#view.getUint8(at) : this.#view.getUint32(at, true);
  }

  text(table: number, slot: number): string {
    const at = this.reference(table, slot);
    if (at === 0) return '';
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + at + 4, this.#view.getUint32(at, true));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }

  list<T>(table: number, slot: number, read: (entry: number) => T): T[] {
    this.#note(table + this.#view.getUint16(this.vtable(table) + 2, true));
    const at = this.reference(table, slot);
    if (at === 0) return [];
    const count = this.#view.getUint32(at, true);
    if (count > this.#view.byteLength / 4) throw new RangeError(`a list of ${count} entries`);
    this.#note(at + 4 + 4 * count);
    return Array.from({ length: count }, (_, index) => read(this.follow(at + 4 + 4 * index)));
  }

  #note(end: number): void {
    this.end = Math.max(this.end, end);
  }
}

/** Root, identifier and the table; the places that are to point at the version and the model are left open. */
function writeHead(operators: readonly OperatorEntry[]): { bytes: Uint8Array; ortVersionAt: number; modelAt: number } {
  const words: number[] = [];
  const here = () => words.length * 4;
  const push = (values: Iterable<number>) => {
    const at = words.length;
    for (const value of values) words.push(value);
    return at;
  };
  const pair = (low: number, high: number) => low | (high << 16);
  /** Lets the word at an index point to what is written next. */
  const pointHere = (index: number) => {
    words[index] = here() - index * 4;
  };
  const table = (vtable: number, ...fields: number[]) => {
    const at = here();
    push([at - vtable, ...fields]);
    return at / 4;
  };
  const text = (value: string) => {
    const encoded = new TextEncoder().encode(value);
    push([encoded.length]);
    // With the NUL that ends it.
    const padded = new Uint8Array(Math.ceil((encoded.length + 1) / 4) * 4);
    padded.set(encoded);
    push(new Uint32Array(padded.buffer));
  };
  const list = <T>(values: readonly T[], write: (value: T) => void) => {
    const first = push([values.length, ...values.map(() => 0)]) + 1;
    values.forEach((value, index) => {
      pointHere(first + index);
      write(value);
    });
  };

  push([0, 0x4d54524f]);
  const rootVtable = here();
  push([pair(12, 16), pair(4, 8), pair(0, 12)]);
  const listVtable = here();
  push([pair(6, 8), 4]);
  const namedVtable = here();
  push([pair(8, 12), pair(4, 8)]);
  const argumentVtable = here();
  push([pair(8, 12), pair(8, 4)]);

  pointHere(0);
  const root = table(rootVtable, 0, 0, 0);
  pointHere(root + 3);
  const types = table(listVtable, 0);
  const named = <T>(name: string, values: readonly T[], write: (value: T) => void) => {
    const at = table(namedVtable, 0, 0);
    pointHere(at + 1);
    text(name);
    pointHere(at + 2);
    list(values, write);
  };
  pointHere(types + 1);
  list(operators, (operator) =>
    named(operator.name, operator.values, (type) =>
      named(type.name, type.values, ({ kind, index }) => table(argumentVtable, index, kind)),
    ),
  );
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  return { bytes, ortVersionAt: (root + 1) * 4, modelAt: (root + 2) * 4 };
}
