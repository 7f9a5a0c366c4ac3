// The head of every page about one model: its name, and the ways to its other pages.
import type { Child } from 'hono/jsx';
import { type Frame, Page } from '../page.tsx';

const tabs = [
  ['', 'Overview'],
  ['/release', 'Release'],
  ['/compare', 'Compare'],
  ['/drift', 'Drift'],
  ['/try', 'Try'],
] as const;

export function ModelPage({
  frame,
  model,
  tab,
  children,
}: {
  frame: Frame;
  model: string;
  tab: (typeof tabs)[number][1] | null;
  children?: Child;
}) {
  return (
    <Page frame={frame} title={tab === null || tab === 'Overview' ? model : `${tab}: ${model}`}>
      <p class="trail">
        <a href="/console">Models</a> /
      </p>
      <h1>{model}</h1>
      <nav class="tabs" aria-label={model}>
        {tabs.map(([path, name]) => (
          <a href={`/console/models/${model}${path}`} {...(name === tab ? { 'aria-current': 'page' } : {})}>
            {name}
          </a>
        ))}
      </nav>
      {children}
    </Page>
  );
}
