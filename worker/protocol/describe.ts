// How names, values and shapes from a request are shown in error messages: short, whatever came.

const maxShownCharacters = 64;
const maxShownDimensions = 8;

function cut(text: string): string {
  // A cut through a surrogate pair would not survive the response's UTF-8.
  return text.length <= maxShownCharacters ? text : `${text.slice(0, maxShownCharacters).toWellFormed()}…`;
}

export function quote(name: string): string {
  return `'${cut(name)}'`;
}

export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? `"${cut(value)}"` : String(value);
}

/** `[-1,4]` */
export function describeShape(shape: readonly number[]): string {
  if (shape.length <= maxShownDimensions) return `[${shape.join(',')}]`;
  return `[${shape.slice(0, maxShownDimensions).join(',')},… ${shape.length} dimensions]`;
}
