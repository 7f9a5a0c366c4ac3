// Has a WASM module import the memory that it would make itself.
// See https://webassembly.github.io/spec/core/binary/modules.html.
const importSection = 2;
const memorySection = 5;
const externalMemory = 2;
const headerBytes = 8;

interface Section {
  readonly id: number;
  /** Without its id and its size. */
  readonly content: Uint8Array;
}

/**
 * @param wasm a module that imports functions and makes one memory
 * @returns the same, with a memory of the same limits imported in its place: a memory that is handed in may have a lower maximum
 * @throws {Error} if it makes no memory, or more than one, or imports nothing
 */
export function importMemory(
  wasm: Uint8Array,
  { module, name }: { readonly module: string; readonly name: string },
): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  const own = sections.find(({ id }) => id === memorySection);
  if (own === undefined || own.content[0] !== 1) {
    throw new Error(`the module makes ${own?.content[0] ?? 'no'} memories, expected one of its own`);
  }
  const derived = sections.filter((section) => section !== own);
  const at = derived.findIndex(({ id }) => id === importSection);
  const imports = derived[at];
  if (imports === undefined) throw new Error('the module imports nothing, expected functions');
  const [count, next] = readNumber(imports.content, 0);
  const described = [text(module), text(name), [externalMemory], own.content.subarray(1)];
  const content = joined([writeNumber(count + 1), imports.content.subarray(next), ...described]);
  derived[at] = { id: importSection, content };
  return writeSections(wasm.subarray(0, headerBytes), derived);
}

function readSections(wasm: Uint8Array): Section[] {
  const sections: Section[] = [];
  for (let at = headerBytes; at < wasm.length; ) {
    const id = wasm[at] ?? 0;
    const [bytes, start] = readNumber(wasm, at + 1);
    sections.push({ id, content: wasm.subarray(start, start + bytes) });
    at = start + bytes;
  }
  return sections;
}

function writeSections(header: Uint8Array, sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  return joined([header, ...sections.flatMap(({ id, content }) => [[id], writeNumber(content.length), content])]);
}

function joined(parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** LEB128, unsigned. @returns the number and the position behind it */
function readNumber(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0;
  for (let at = from, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at + 1];
  }
}

function writeNumber(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...writeNumber(Math.floor(value / 0x80))];
}

function text(value: string): number[] {
  return [...writeNumber(value.length), ...new TextEncoder().encode(value)];
}
