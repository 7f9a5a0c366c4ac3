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

/** RFC 4180; blanks at the ends are kept by readers that trim. */
function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
