// How values from a request are shown in error messages: short, whatever came. Names and shapes are shown as the registry does.
import { cut } from '../../registry/describe.ts';

export { cut, describeShape, quote } from '../../registry/describe.ts';

export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  // A token of non-finite.ts.
  if (typeof value === 'symbol') return value.description ?? '';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? `"${cut(value)}"` : String(value);
}
