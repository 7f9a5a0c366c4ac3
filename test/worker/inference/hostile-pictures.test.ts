// Pictures that are made to break something, through the real Worker: each is refused with the step and the reason or answered right,
// memory is given back, and the next picture is answered.
import { deflateSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pngChunk, pngFile, pngHeaderData } from '../../../scripts/checks/fuzz-pictures/png-file.ts';
import { seedPictures } from '../../../scripts/checks/fuzz-pictures/seeds.ts';
import { colourModel } from '../../harness/pictures/colour-model.ts';
import { TestPop } from '../../harness/pop.ts';

const maxPixels = 100_000;
const plain = {
  width: 20,
  height: 10,
  colour: 2,
  depth: 8,
  sample: (_x: number, _y: number, channel: number) => [0, 102, 51][channel] ?? 0,
} as const;
const teal = pngFile(plain);
const start = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const jpeg = Buffer.from(seedPictures['baseline JPEG, 4:4:4'] ?? []);
const progressive = Buffer.from(seedPictures['progressive JPEG'] ?? []);
const webp = Buffer.from(seedPictures['lossless WebP'] ?? []);
const webpParts = Buffer.from(seedPictures['turned WebP'] ?? []);
const frameAt = jpeg.indexOf('ffc0', 0, 'hex');

/** By Pillow 9.4: two pictures of 24 x 18, two of 4 x 4, and 8 x 8 in CMYK. */
const animatedWebp = Buffer.from(
  'UklGRoIBAABXRUJQVlA4WAoAAAACAAAAFwAAEQAAQU5JTQYAAAAAAAAAAABBTk1GrAAAAAAAAAAAABcAABEAAAAAAAJWUDgglAAAAFAEAJ0BKhgAEgA/carLWbStqaOwCAKQLglsZxJMtiH4E0DvQP0AAw53/ygA/tXU/4uU7f1ZTGvIIzBsZxrkduwb9+xn96CIgnyAuoAubAAXLwBQhHpmh/569yz4SHrm3nFy2aR+vJTMnJIjSdBeSxObzo83DYibnYPbohqUbMzUZW2UxwvTJn73JvOPO/3JYVDsAABBTk1GogAAAAAAAAAAABcAABEAAAAAAABWUDggigAAAJQDAJ0BKhgAEgA/cbDOYAKAgAAC4JbF2ARhYh/7uT3KAJ9X2MAA/aqueZx+smsPE7l/oabQD8qQASORFMd6h75TziZ4uxmtri/TgSXO0qF6pPy5LF9K1Idhx1tucc9P9VqXvxaGf0SeFhrb0BAZVllDfwyRzKtJb6KNFIJ2vM6Kx8CXZEj4tgIAAA==',
  'base64',
);
const animatedPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAACGFjVEwAAAACAAAAAPONk3AAAAAaZmNUTAAAAAAAAAAEAAAABAAAAAAAAAAAAAAD6AAA0sGBcQAAADhJREFUeJwFwbENgCAQAMAj+Y6CntJYyQaEWLiI+y9A9THeld7bdNyuqYZ18pLs8Aw2yRdWoxDkD86ECLSqDBAPAAAAGmZjVEwAAAABAAAABAAAAAQAAAAAAAAAAAAAA+gAAEmya6UAAABAZmRBVAAAAAJ4nAXBIRZAQAAFwFnvJ0UXXMABlE0O416uImySRbcgembKOW7Nc7iaO+pEz8Ie68dLmKN2hMLwA3iVCkQj2Z3dAAAAAElFTkSuQmCC',
  'base64',
);
const cmyk = Buffer.from(
  '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwBQNzxGPDJQRkFGWlVQX3jIgnhubnj1r7mRyP///////////////////////////////////////////////////8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAECBP/EAB0QAAICAQUAAAAAAAAAAAAAAAACAREEFCExQWH/2gAOBEMATQBZAEsAAD8AMXoNL4SiLCxtF1ybT//Z',
  'base64',
);

function pngOf(...chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([start, ...chunks, pngChunk('IEND', new Uint8Array())]);
}

const header = (changes: object = {}) => pngChunk('IHDR', pngHeaderData({ ...plain, ...changes }));
const data = (bytes: Uint8Array) => pngChunk('IDAT', deflateSync(bytes));
const lines = (filter: number) => Buffer.alloc(10 * 61, filter);

function changed(file: Buffer, at: number, ...bytes: number[]): Buffer {
  const copy = Buffer.from(file);
  copy.set(bytes, at);
  return copy;
}

/** A JPEG with a segment of EXIF data behind its start. */
function withExif(...tiffs: readonly Uint8Array[]): Buffer {
  const segments = tiffs.map((tiff) => {
    const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(body.length + 2);
    return Buffer.concat([Buffer.from([0xff, 0xe1]), length, body]);
  });
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)]);
}

/** A directory with one entry. @param entries what it says it has; next where it says that it goes on */
function tiff(orientation: number, { entries = 1, directory = 8, next = 0, type = 3 } = {}): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.write('MM\0*', 'latin1');
  bytes.writeUInt32BE(directory, 4);
  bytes.writeUInt16BE(entries, 8);
  bytes.writeUInt16BE(0x0112, 10);
  bytes.writeUInt16BE(type, 12);
  bytes.writeUInt32BE(1, 14);
  bytes.writeUInt16BE(orientation, 18);
  bytes.writeUInt32BE(next, 22);
  return bytes;
}

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MAX_PIXELS: String(maxPixels) });
  await pop.release(colourModel('colour', '1'));
});
afterAll(() => pop.stop());

async function ask(body: Uint8Array) {
  const answer = await pop.send('POST', '/v2/models/colour/infer', new Uint8Array(body), {
    'content-type': 'image/jpeg',
  });
  return { status: answer.status, json: answer.json<unknown>() };
}

async function heldBytes(): Promise<number> {
  const { popserve_memory: memory } = (await pop.send('GET', '/v2/models/stats')).json<{
    popserve_memory: Record<string, number>;
  }>();
  return ['bodies', 'decoded', 'answers', 'shadows'].reduce((sum, name) => sum + (memory[name] ?? 0), 0);
}

/** The scores of red, green and blue. */
const scores = (json: unknown) => {
  const list = json as { label: string; score: number }[];
  return Object.fromEntries(list.map(({ label, score }) => [label, score]));
};

afterEach(async () => {
  expect((await ask(teal)).status).toBe(200);
  expect(await heldBytes()).toBe(0);
});

describe('a file is refused with the step and the reason', () => {
  test.each<[string, Uint8Array, number, string]>([
    ['a GIF', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1'), 400, 'got bytes that start with 47 49 46 38'],
    ['a BMP', Buffer.from('BM6\0\0\0\0\0\0\0', 'latin1'), 400, 'expected a JPEG, a PNG or a WebP'],
    ['a page', Buffer.from('<!doctype html><img src=x>'), 400, 'expected a JPEG, a PNG or a WebP'],
    ['an archive', Buffer.from('PK\x03\x04', 'latin1'), 400, 'expected a JPEG, a PNG or a WebP'],
    [
      'a GIF with a JPEG behind it',
      Buffer.concat([Buffer.from('GIF89a'), jpeg]),
      400,
      'got bytes that start with 47 49',
    ],
    [
      'a PNG bomb of 1 KB',
      pngOf(header({ width: 60_000, height: 60_000 }), data(Buffer.alloc(900_000))),
      413,
      'the picture has 60000x60000 = 3600000000 pixels, the limit is 100000',
    ],
    ['a JPEG bomb', changed(jpeg, frameAt + 5, 0xff, 0xff, 0xff, 0xff), 413, 'the picture has 65535x65535'],
    ['a WebP bomb', changed(webp, 21, 0xff, 0xff, 0xff, 0x0f), 413, 'the picture has 16384x16384'],
    [
      'a WebP whose frame is larger than it says',
      changed(webpParts, webpParts.indexOf('VP8L') + 9, 0xff, 0xff, 0xff, 0x0f),
      400,
      'the WebP cannot be decoded',
    ],
    ['a PNG without pixels', pngOf(header({ width: 0 }), data(lines(0))), 400, 'the PNG says that it has 0x10 pixels'],
    ['a JPEG without lines', changed(jpeg, frameAt + 5, 0, 0), 400, 'the JPEG says that it has 24x0 pixels'],
    [
      'a PNG with too few lines',
      pngOf(header(), data(lines(0).subarray(61))),
      400,
      "the PNG's data end after 549 of the 610 bytes that its size says",
    ],
    [
      'a PNG without data',
      pngOf(header()),
      400,
      "the PNG's data are damaged: they inflate to no more than 0 of the 610 bytes",
    ],
    [
      'a PNG whose data are no zlib stream',
      pngOf(header(), pngChunk('IDAT', Buffer.alloc(100, 7))),
      400,
      "the PNG's data are damaged",
    ],
    ['a PNG with a filter that there is not', pngOf(header(), data(lines(9))), 400, 'line 0 has the filter 9'],
    [
      'a PNG without its palette',
      pngOf(header({ colour: 3 }), data(Buffer.alloc(10 * 21))),
      400,
      'the PNG has no palette',
    ],
    [
      'a PNG of a kind that there is not',
      pngOf(header({ colour: 5 }), data(lines(0))),
      400,
      'colours of kind 5 in 8 bits',
    ],
    [
      'a PNG of a depth that there is not',
      pngOf(header({ depth: 3 }), data(lines(0))),
      400,
      'colours of kind 2 in 3 bits',
    ],
    [
      'a PNG that says it is packed otherwise',
      pngOf(pngChunk('IHDR', changed(pngHeaderData(plain), 10, 1)), data(lines(0))),
      400,
      'in a way that no PNG is',
    ],
    ['a PNG without its header', pngOf(data(lines(0))), 400, 'the PNG ends in its header'],
    [
      'a PNG whose chunk says it has 4 GB',
      pngOf(header(), Buffer.from('ffffffff49444154', 'hex'), data(lines(0))),
      400,
      'without its end',
    ],
    ['an animated PNG', animatedPng, 415, 'an animated PNG is not read; send one of its pictures'],
    ['an animated WebP', animatedWebp, 415, 'an animated WebP is not read; send one of its pictures'],
    ['a JPEG in CMYK', cmyk, 415, 'a JPEG of 4 components (CMYK) is not read; save it in RGB or grey'],
    ['a JPEG of two components', changed(jpeg, frameAt + 9, 2), 415, 'a JPEG of 2 components is not read'],
    ['a JPEG of 12 bits', changed(jpeg, frameAt + 4, 12), 415, 'a JPEG of 12 bits is not read'],
    ['a lossless JPEG', changed(jpeg, frameAt + 1, 0xc3), 415, 'a JPEG that is lossless'],
    ['a JPEG in arithmetic code', changed(jpeg, frameAt + 1, 0xc9), 415, 'arithmetically coded is not read'],
    ['grey of 16 bits', pngFile({ ...plain, colour: 0, depth: 16 }), 415, 'a PNG in grey of 16 bits is not read'],
  ])('%s', async (_, bytes, status, message) => {
    const answer = await ask(bytes);
    expect([answer.status, answer.json]).toEqual([status, { error: expect.stringMatching(/^decode: /) }]);
    expect(answer.json).toEqual({ error: expect.stringContaining(message) });
  });
});

describe('a file with more than its picture is answered right', () => {
  test.each<[string, Uint8Array]>([
    ['an archive behind a PNG', Buffer.concat([teal, Buffer.from('PK\x03\x04 and so on', 'latin1')])],
    ['a second PNG behind the first', Buffer.concat([teal, pngFile({ ...plain, width: 3000, height: 3000 })])],
    ['a PNG whose data go on for 64 MiB', pngFile({ ...plain, surplus: new Uint8Array(64 * 1_048_576) })],
    [
      'a PNG with a bomb for a colour profile',
      pngFile({
        ...plain,
        before: [pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(16 * 1_048_576))]))],
      }),
    ],
    [
      'a PNG with a bomb for a text',
      pngFile({
        ...plain,
        before: [pngChunk('zTXt', Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(16 * 1_048_576))]))],
      }),
    ],
    [
      'a PNG with 100,000 chunks',
      pngFile({ ...plain, before: new Array(100_000).fill(pngChunk('teXt', new Uint8Array())) }),
    ],
    ['a PNG with a byte in each data chunk', pngFile({ ...plain, dataBytes: 1 })],
  ])('%s', async (_, bytes) => {
    const { status, json } = await ask(bytes);
    expect([status, json]).toMatchObject([200, [{ label: 'green' }, {}, {}]]);
    expect(scores(json)).toEqual({ red: 0, green: expect.closeTo(0.4, 6), blue: expect.closeTo(0.2, 6) });
  });

  test.each<[string, Uint8Array]>([
    ['a page behind a JPEG', Buffer.concat([jpeg, Buffer.from('<script>alert(1)</script>')])],
    [
      'a page in a comment of a JPEG',
      Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, 10]), Buffer.from('<script>'), jpeg.subarray(2)]),
    ],
    [
      'a colour profile of nothing',
      Buffer.concat([
        jpeg.subarray(0, 2),
        Buffer.from([0xff, 0xe2, 0, 16]),
        Buffer.from('ICC_PROFILE\0\x01\x01'),
        jpeg.subarray(2),
      ]),
    ],
    ['EXIF data that turn it nowhere', withExif(tiff(0))],
    ['an orientation of 9', withExif(tiff(9))],
    ['an orientation of 65535', withExif(tiff(65_535))],
    ['an orientation of another type', withExif(tiff(6, { type: 2 }))],
    ['a directory of 65535 entries', withExif(tiff(1, { entries: 65_535 }))],
    ['a directory beyond the end', withExif(tiff(6, { directory: 0xffff_fff0 }))],
    ['a directory that goes on with itself', withExif(tiff(1, { next: 8 }))],
    ['a directory in its own header', withExif(tiff(6, { directory: 0 }))],
    ['EXIF data of nothing', withExif(new Uint8Array())],
    ['EXIF data that say it stands upright, then others', withExif(tiff(1), tiff(6))],
  ])('%s', async (_, bytes) => {
    const [expected, answer] = [await ask(jpeg), await ask(bytes)];
    expect([expected.status, answer]).toEqual([200, expected]);
  });
});

test('a picture of one column and 65,535 lines is answered, or refused for the memory that its resize takes', async () => {
  const narrow = pngFile({ ...plain, width: 1, height: 65_535 });
  const { status, json } = await ask(narrow);
  expect([status, json]).toMatchObject([200, [{ label: 'green' }, {}, {}]]);
});

describe('no damage does more than a refusal', () => {
  const kinds: [string, Uint8Array][] = [
    ['PNG', pngFile({ ...plain, width: 3, height: 2, filter: (row) => row + 3 })],
    ['JPEG', progressive],
    ['WebP', webp],
  ];

  test.each(kinds)('a %s cut off anywhere', async (_, file) => {
    for (let length = 0; length < file.length; length += length < 64 ? 1 : 7) {
      const { status, json } = await ask(file.subarray(0, length));
      expect([length, status, json]).toEqual([length, 400, { error: expect.stringMatching(/^decode: /) }]);
    }
  });

  test.each(kinds)('a bit of a %s changed anywhere', async (_, file) => {
    for (let at = 0; at < file.length; at++) {
      const { status, json } = await ask(changed(Buffer.from(file), at, (file[at] ?? 0) ^ (1 << (at % 8))));
      if (status === 200) continue;
      expect([at, [400, 413, 415].includes(status), json]).toEqual([
        at,
        true,
        { error: expect.stringMatching(/^decode: /) },
      ]);
    }
  });
});
