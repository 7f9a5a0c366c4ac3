// A card of the report, and the legend of its plots.
import { escapeText } from '../plots/svg.ts';

export interface LegendEntry {
  readonly text: string;
  /** Class of the style sheet: the line's own, or `chance`. */
  readonly style: string;
}

/** @param subtitle and content as HTML */
export function card(title: string, subtitle: string, content: string, isWide = false): string {
  return `<section class="card${isWide ? ' wide' : ''}"><h2>${title}</h2><p class="soft">${subtitle}</p>${content}</section>`;
}

export function legend(entries: readonly LegendEntry[]): string {
  const spans = entries.map(({ text, style }) => `<span class="${style}">${escapeText(text)}</span>`);
  return `<span class="key">${spans.join('')}</span>`;
}

/** Four significant digits. */
export function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
