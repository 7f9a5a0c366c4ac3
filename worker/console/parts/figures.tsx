// Figures as people read them. Times are told in the viewer's zone by a script; without it they stand in UTC.

export function Time({ ms }: { ms: number | string | Date }) {
  const date = new Date(ms);
  const text = `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return (
    <time datetime={date.toISOString()} data-time>
      {text}
    </time>
  );
}

export function countText(count: number): string {
  return count.toLocaleString('en');
}

/** Three digits that count: `0.0312`, `12.5`. */
export function figureText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return Number(value.toPrecision(3)).toString();
}

export function shareText(share: number): string {
  return `${figureText(share * 100)} %`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${figureText(bytes / 1024)} KiB`;
  return `${figureText(bytes / (1024 * 1024))} MiB`;
}

export function secondsText(ms: number): string {
  if (ms < 1000) return `${figureText(ms)} ms`;
  if (ms < 120_000) return `${figureText(ms / 1000)} s`;
  return `${figureText(ms / 60_000)} min`;
}
