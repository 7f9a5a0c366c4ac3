// Text that is not UTF-8: refused with its place, or read as the encoding that is named.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeText } from '../../../../scripts/validation/table/decode-text.ts';
import { DataFolder, input, signature } from './table-data.ts';

const folder = new DataFolder();
afterAll(() => folder.remove());

const model = signature(input('town', 'BYTES'));
const rows = 'town,label\nMálaga,0\nGüstrow,1\n';
const jsonRows = '{"town":"Málaga","label":0}\n{"town":"Güstrow","label":1}\n';
const towns = { town: ['Málaga', 'Güstrow'] };

const latin = (text: string) => Buffer.from(text, 'latin1');
const utf16le = (text: string, mark = '\ufeff') => Buffer.from(mark + text, 'utf16le');
const utf16be = (text: string, mark = '\ufeff') => utf16le(text, mark).swap16();

describe('a text file', () => {
  it.each([
    ['t.csv', latin(rows), 12, 2],
    ['t.jsonl', latin(jsonRows), 10, 1],
    ['cut.csv', latin('town,label\nMalaga,0\nK\xc3'), 21, 3],
  ])('%s that is not UTF-8 is refused with its place and what to do', async (name, bytes, offset, line) => {
    await expect(folder.read(name, bytes, model)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        new RegExp(
          `^${name} is not UTF-8: the byte at offset ${offset} \\(line ${line}\\) is 0x[0-9a-f]{2}; save it as UTF-8, or name its encoding, as in --encoding windows-1252`,
        ),
      ),
    });
  });

  it.each([
    ['windows-1252', latin(rows)],
    ['latin1', latin(rows)],
    ['iso-8859-15', latin(rows)],
    ['utf-16le', utf16le(rows, '')],
    ['utf-16le', utf16le(rows)],
    ['utf-16be', utf16be(rows, '')],
    ['utf-8', Buffer.from(`\ufeff${rows}`)],
  ])('is read as %s where that is named', async (encoding, bytes) => {
    expect(await folder.inputs('t.csv', bytes, model, { reading: { encoding } })).toEqual(towns);
  });

  it.each([
    ['utf-16le', utf16le],
    ['utf-16be', utf16be],
  ])('is read as %s by its byte order mark, which is told and kept', async (encoding, encode) => {
    const data = await folder.read('t.csv', encode(rows), model);
    expect(data.notes).toContain(`t.csv is read as ${encoding}, by its byte order mark`);
    expect(data.reference.reading).toEqual({ encoding });
    expect(await folder.inputs('t.csv', encode(rows), model)).toEqual(towns);
    expect(await folder.inputs('t.jsonl', encode(jsonRows), model)).toEqual(towns);
  });

  it('that is UTF-16 without a mark is named as that', async () => {
    await expect(folder.read('t.csv', utf16le('town,label\nRome,1\n', ''), model)).rejects.toThrow(
      /offset 1 is NUL.*--encoding utf-16le or --encoding utf-16be/,
    );
  });

  it.each([
    ['windows-1252', Buffer.from(`\ufeff${rows}`), 'byte order mark of utf-8; leave --encoding out'],
    ['utf-16le', utf16be(rows), 'byte order mark of utf-16be'],
    ['utf-16le', utf16le(rows, '').subarray(1), 'is not utf-16le text'],
    ['shift_jis', latin(rows), 't.csv is not shift_jis text'],
  ])('is refused where it is not %s as named', async (encoding, bytes, words) => {
    await expect(folder.read('t.csv', bytes, model, { reading: { encoding } })).rejects.toThrow(words);
  });

  it('is read in the same way for the truth, and for data without one', async () => {
    const reading = { encoding: 'windows-1252' };
    const text = 'x,label\n1,Käse\n2,Brot\n';
    const cheese = await folder.read('t.csv', latin(text), signature(input('x', 'FP32')), { reading });
    expect(cheese.truth).toEqual(['Käse', 'Brot']);
    await expect(folder.read('t.csv', latin(text), signature(input('x', 'FP32')))).rejects.toThrow('not UTF-8');
    const options = { reading, needsTruth: false };
    expect(await folder.inputs('t.csv', latin(rows), model, options)).toEqual(towns);
  });

  it('that lists the samples of a folder is held to the same', async () => {
    const samples = join(folder.path, 'samples');
    mkdirSync(samples);
    writeFileSync(join(samples, 'a.bin'), new Uint8Array(4));
    writeFileSync(join(samples, 'labels.csv'), latin('file;kind\na.bin;Käse\n'));
    const { readData } = await import('../../../../scripts/validation/read-data.ts');
    const one = signature(input('x', 'FP32'));
    await expect(readData({ path: samples }, one, true)).rejects.toThrow('labels.csv is not UTF-8');
    const data = await readData({ path: samples, reading: { encoding: 'latin1' } }, one, true);
    expect(data.truth).toEqual(['Käse']);
    expect(data.reference.reading).toEqual({ encoding: 'windows-1252', separator: ';' });
    expect(data.notes).toContain('labels.csv has semicolons between its cells');
  });
});

describe('the first byte that is not UTF-8', () => {
  it('is where a strict decoder stops', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => Buffer.from(text.replaceAll('\0', ''))),
            fc.uint8Array({ min: 1, maxLength: 4 }),
          ),
        ),
        (parts) => {
          const bytes = new Uint8Array(Buffer.concat(parts));
          const isText = (end: number) => {
            try {
              new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end));
              return true;
            } catch {
              return false;
            }
          };
          try {
            decodeText(bytes, 'f');
          } catch (error) {
            const message = (error as Error).message;
            // A mark of another encoding at the start is another matter.
            if (!message.includes('not UTF-8')) return;
            const offset = Number(/offset (\d+)/.exec(message)?.[1]);
            expect(isText(offset)).toBe(true);
            const further = [1, 2, 3, 4].some((more) => offset + more <= bytes.length && isText(offset + more));
            expect(further).toBe(false);
          }
        },
      ),
    );
  });
});
