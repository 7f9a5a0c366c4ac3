// Lines of writing for golden vectors of models that read them: capitals and digits of five by seven dots.
import { paintPng } from './generated-pictures.ts';

/** Seven rows of five dots, from the top; each row a digit of base 32, the left dot its highest bit. */
const glyphs: Readonly<Record<string, string>> = {
  A: 'ehhvhhh',
  B: 'uhhuhhu',
  D: 'uhhhhhu',
  E: 'vgguggv',
  G: 'ehgnhhe',
  I: 'e44444e',
  L: 'ggggggv',
  M: 'hrllhhh',
  N: 'hppljhh',
  O: 'ehhhhhe',
  P: 'uhhuggg',
  R: 'uhhukih',
  S: 'fgge11u',
  T: 'v444444',
  U: 'hhhhhhe',
  '0': 'ehjlphe',
  '2': 'eh1248v',
  '4': '26aiv22',
  '7': 'v122444',
  ' ': '0000000',
};

const [glyphWidth, glyphHeight] = [5, 7];

/** @returns PNG files: three lines of different lengths, sizes and colours */
export function generatedLines(): Uint8Array<ArrayBuffer>[] {
  return [
    line('NO 42', 4, [20, 20, 20], [250, 250, 250]),
    line('OPEN THE DOOR AT 7 20', 3, [30, 40, 90], [245, 240, 225]),
    line('BIG SMALL', 6, [240, 240, 240], [40, 70, 60]),
  ];
}

type Colour = readonly [number, number, number];

/** @param dot pixels of a side of each dot */
function line(text: string, dot: number, ink: Colour, ground: Colour): Uint8Array<ArrayBuffer> {
  const margin = 2;
  const columns = text.length * (glyphWidth + 1) - 1 + 2 * margin;
  return paintPng({ width: columns * dot, height: (glyphHeight + 2 * margin) * dot }, (x, y) => {
    const [column, row] = [Math.floor(x / dot) - margin, Math.floor(y / dot) - margin];
    return isInk(text, column, row) ? ink : ground;
  });
}

function isInk(text: string, column: number, row: number): boolean {
  const within = column % (glyphWidth + 1);
  if (column < 0 || row < 0 || within === glyphWidth) return false;
  const glyph = glyphs[text[Math.floor(column / (glyphWidth + 1))] ?? ' '] ?? '';
  return ((Number.parseInt(glyph[row] ?? '0', 32) >> (glyphWidth - 1 - within)) & 1) === 1;
}
