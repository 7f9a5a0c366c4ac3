// How names and shapes are shown in messages: short, whatever came.

const maxShownCharacters = 64;
const maxShownDimensions = 8;

/** @returns at most 64 characters of the text */
export function cut(text: string): string {
  // A cut through a surrogate pair would not survive the response's UTF-8.
  return text.length <= maxShownCharacters ? text : `${text.slice(0, maxShownCharacters).toWellFormed()}…`;
}

export function quote(name: string): string {
  return `'${cut(name)}'`;
}

/** `[-1,4]` */
export function describeShape(shape: readonly (number | string)[]): string {
  if (shape.length <= maxShownDimensions) return `[${shape.join(',')}]`;
  return `[${shape.slice(0, maxShownDimensions).join(',')},… ${shape.length} dimensions]`;
}

/** `FP32 [-1,4]` */
export function describeTensor(tensor: { readonly datatype: string; readonly shape: readonly number[] }): string {
  return `${tensor.datatype} ${describeShape(tensor.shape)}`;
}
