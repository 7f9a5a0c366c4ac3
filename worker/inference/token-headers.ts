// What an answer says of the texts that it is about: how many tokens they were, and which were cut off.
import type { Item } from '../pipeline/items.ts';

/** Places that a header names one by one. */
const mostNamed = 64;

/** Tokens that the model was given, the special ones among them; 0 for pictures. */
export function tokensOf(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + ('text' in item ? item.tokens : 0), 0);
}

/** The places of texts that were cut off, `0,3`, and how many more there are, `0,3,+12`; null where none was. */
export function truncatedItems(items: readonly Item[]): string | null {
  const places = items.flatMap((item, place) => ('text' in item && item.total > item.tokens ? [place] : []));
  if (places.length === 0) return null;
  const more = places.length - mostNamed;
  return [...places.slice(0, mostNamed), ...(more > 0 ? [`+${more}`] : [])].join(',');
}

export function tokenHeaders(items: readonly Item[]): Record<string, string> {
  if (!items.some((item) => 'text' in item)) return {};
  const truncated = truncatedItems(items);
  return {
    'popserve-tokens': String(tokensOf(items)),
    ...(truncated === null ? {} : { 'popserve-truncated': truncated }),
  };
}
