// A sample's JSON lines as CSV, with the column names by which publish finds the elements of an input: `x[0]`, `x[1]`.

type Value = string | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** @param lines JSON objects; numbers keep the digits that they are written with */
export function sampleTable(lines: readonly string[]): string {
  const rows = lines.map((line) => {
    const cells = new Map<string, string>();
    addCells(cells, '', parseExact(line));
    return cells;
  });
  const columns = [...new Set(rows.flatMap((cells) => [...cells.keys()]))];
  const table = [columns, ...rows.map((cells) => columns.map((column) => cells.get(column) ?? ''))];
  return table.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('');
}

function parseExact(line: string): Value {
  return JSON.parse(line, (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? context?.source : value,
  );
}

/** `{"prediction": {"y": [1, 2]}}` as `prediction.y[0]` and `prediction.y[1]`. */
function addCells(cells: Map<string, string>, name: string, value: Value): void {
  if (Array.isArray(value)) {
    const elements = value.flat(Number.POSITIVE_INFINITY) as Value[];
    for (const [index, element] of elements.entries()) addCells(cells, `${name}[${index}]`, element);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) addCells(cells, name === '' ? key : `${name}.${key}`, inner);
  } else {
    cells.set(name, value === null ? '' : String(value));
  }
}

/** Spreadsheets take a cell that begins with one of these for a formula, which could read other cells and send them away. */
const beginsFormula = /^[=+\-@\t\r]/;
/** A number as JSON has it, or one with a plus: `-1.5` stays a number for every tool. */
const isNumber = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * RFC 4180; blanks at the ends are kept by readers that trim. A text that a spreadsheet would compute gets an apostrophe in front,
 * which makes it a text there.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
function quoted(cell: string): string {
  const text = beginsFormula.test(cell) && !isNumber.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
