// Compiles normalisation rules as SentencePiece does: a double array in the form of darts-clone, and the replacements behind it.
// @see https://github.com/s-yata/darts-clone

/** Unlike anything that a text needs, but each kind of rule: spaces, removals, ligatures, letters with marks, line ends. */
function rules(): Map<string, string> {
  const found = new Map<string, string>([
    ['\r\n', ' '],
    ['\r', ' '],
    ['\n', ' '],
    ['\t', ' '],
    ['\u200b', ' '],
    ['\ufeff', ' '],
    ['\u0001', ''],
    ['\u007f', ''],
    ['\u00ad', ''],
    ['™', 'TM'],
    ['㍿', '株式会社'],
  ]);
  const ranges = [
    [0xa0, 0x24f],
    [0x1e00, 0x1eff],
    [0x2000, 0x206f],
    [0x2100, 0x214f],
    [0x2460, 0x24ff],
    [0x3000, 0x303f],
    [0x3200, 0x33ff],
    [0xf900, 0xfb06],
    [0xff00, 0xffef],
  ] as const;
  for (const [first, last] of ranges) {
    for (let code = first; code <= last; code += 1) {
      const text = String.fromCodePoint(code);
      const form = text.normalize('NFKC');
      if (form !== text && !found.has(text)) found.set(text, form);
      const parts = text.normalize('NFD');
      if (parts !== text && parts.normalize('NFKC') === text) found.set(parts, text);
    }
  }
  return found;
}

/** @returns base64 of the trie's size, the trie and the replacements */
export function compileRules(): string {
  const replacements: Buffer[] = [];
  let place = 0;
  const keys = [...rules()].map(([key, replacement]) => {
    const value = place;
    const bytes = Buffer.from(`${replacement}\0`);
    replacements.push(bytes);
    place += bytes.length;
    return { bytes: Buffer.from(key), value };
  });
  keys.sort((one, other) => Buffer.compare(one.bytes, other.bytes));
  const trie = Buffer.from(new DoubleArray(keys).units.buffer);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(trie.length);
  return Buffer.concat([size, trie, ...replacements]).toString('base64');
}

interface Key {
  readonly bytes: Buffer;
  readonly value: number;
}

class DoubleArray {
  readonly units = new Uint32Array(1 << 18);
  readonly #used = new Set<number>([0]);
  readonly #offsets = new Set<number>();

  constructor(keys: readonly Key[]) {
    this.#place(keys, 0, 0);
  }

  /** Places the children of a node: each at the node's place, xor its offset, xor the child's label. */
  #place(keys: readonly Key[], depth: number, node: number): void {
    const ended = keys.find(({ bytes }) => bytes.length === depth);
    const groups = Map.groupBy(
      keys.filter(({ bytes }) => bytes.length > depth),
      ({ bytes }) => bytes[depth] ?? 0,
    );
    const labels = [...groups.keys()];
    if (ended) labels.push(0);
    let offset = 1;
    while (this.#offsets.has(node ^ offset) || labels.some((label) => this.#used.has(node ^ offset ^ label)))
      offset += 1;
    const base = node ^ offset;
    this.#offsets.add(base);
    for (const label of labels) this.#used.add(base ^ label);
    this.units[node] = ((this.units[node] ?? 0) | (offset << 10) | (ended ? 0x100 : 0)) >>> 0;
    if (ended) this.units[base] = (0x80000000 | ended.value) >>> 0;
    for (const [label, group] of groups) {
      this.units[base ^ label] = label;
      this.#place(group, depth + 1, base ^ label);
    }
  }
}
