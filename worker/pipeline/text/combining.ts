// The canonical order of combining marks. JavaScript does not tell a mark's combining class, but it shows which of two marks it puts
// first; that is asked once for each mark. A whole text is never handed to `normalize`: it sorts a run of marks in quadratic time.
// @see https://www.unicode.org/reports/tr15/#Description_Norm

import { classesOf, later, mark } from './characters.ts';

/** A mark of each combining class, in the order of the classes. */
const marks = [
  0x0334, 0x16ff0, 0x093c, 0x3099, 0x094d, 0x05b0, 0x05b1, 0x05b2, 0x05b3, 0x05b4, 0x05b5, 0x05b6, 0x05b7, 0x05b8,
  0x05b9, 0x05bb, 0x05bc, 0x05bd, 0x05bf, 0x05c1, 0x05c2, 0xfb1e, 0x064b, 0x064c, 0x064d, 0x064e, 0x064f, 0x0650,
  0x0651, 0x0652, 0x0670, 0x0711, 0x0c55, 0x0c56, 0x0e38, 0x0e48, 0x0eb8, 0x0ec8, 0x0f71, 0x0f72, 0x0f74, 0x0321,
  0x1dce, 0x031b, 0x302a, 0x0316, 0x059a, 0x302e, 0x1d16d, 0x05ae, 0x0300, 0x0315, 0x035c, 0x035d, 0x0345,
];

const last = 0x0345;
const ranks = new Map<number, number>();

/** @returns 0 for what is no combining mark; two marks of equal rank keep their order, otherwise the lower rank comes first */
export function combiningRank(code: number): number {
  if ((classesOf(code) & (mark | later)) !== mark) return 0;
  const found = ranks.get(code);
  if (found !== undefined) return found;
  const rank = findRank(code);
  ranks.set(code, rank);
  return rank;
}

function findRank(code: number): number {
  if (code === last) return marks.length;
  if (!comesBefore(code, last)) return 0;
  let low = 0;
  let high = marks.length - 1;
  // The first mark of the list that does not have to come before this one is of its class.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (comesBefore(marks[middle] ?? 0, code)) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}

/** Whether the canonical order puts this mark first where it stands behind the other. */
function comesBefore(one: number, other: number): boolean {
  const wrong = String.fromCodePoint(other, one);
  return wrong.normalize('NFD') === String.fromCodePoint(one, other) && one !== other;
}
