import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { sha256Digest } from '../../../registry/digests.ts';
import {
  describeFile,
  receiveInto,
  replaceFile,
  settleFile,
  sizeOfFile,
} from '../../../scripts/transfer/file-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'popserve-bytes-'));
afterAll(() => rmSync(folder, { recursive: true }));

let file: string;
let count = 0;
beforeEach(() => {
  count += 1;
  file = join(folder, String(count));
});

async function* body(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield new TextEncoder().encode(part);
}

it('receives a body, for nobody else on the machine to read', async () => {
  await receiveInto(file, 0, body('one ', 'two'));
  expect(readFileSync(file, 'utf8')).toBe('one two');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('continues a part from its place and drops what was behind it', async () => {
  await receiveInto(file, 0, body('one', ' lost'));
  await receiveInto(file, 3, body(' two'));
  expect(readFileSync(file, 'utf8')).toBe('one two');
});

it('keeps what came before the body broke off', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield* body('one');
    throw new TypeError('terminated');
  }
  await expect(receiveInto(file, 0, broken())).rejects.toThrow(TypeError);
  expect(await sizeOfFile(file)).toBe(3);
});

it('says which file cannot be written', async () => {
  await expect(receiveInto(join(file, 'x'), 0, body('one'))).rejects.toThrow(`cannot write ${file}/x: ENOENT`);
});

it('gives a part its name only with the right digest', async () => {
  writeFileSync(`${file}.part`, 'one');
  await expect(settleFile(`${file}.part`, file, await sha256Digest('two'))).rejects.toThrow('received sha256:');
  expect(await sizeOfFile(`${file}.part`)).toBeNull();
  writeFileSync(`${file}.part`, 'two');
  await settleFile(`${file}.part`, file, await sha256Digest('two'));
  expect(await describeFile(file)).toEqual({ digest: await sha256Digest('two'), bytes: 3 });
});

it('replaces a file as a whole', async () => {
  await replaceFile(file, 'one');
  await replaceFile(file, 'two');
  expect(readFileSync(file, 'utf8')).toBe('two');
  expect(await sizeOfFile(`${file}.part`)).toBeNull();
});
