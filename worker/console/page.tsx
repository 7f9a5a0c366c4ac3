// The frame of every page of the console: head, navigation, the viewer, footer. Screens fill it; they work without scripts.
import type { Child } from 'hono/jsx';
import type { Scope } from '../../registry/api-key.ts';

/** The person who looks at a page. */
export interface Viewer {
  /** As logs and the audit name the caller. */
  readonly id: string;
  readonly name: string | null;
  /** What the key may do, of one model or of any. */
  may(scope: Scope, model?: string): boolean;
  /** Stands in every form that changes something. */
  readonly csrf: string;
}

export interface Frame {
  /** Null: nobody has signed in. */
  readonly viewer: Viewer | null;
  /** Good for this answer's styles and scripts. */
  readonly nonce: string;
  readonly pop: string;
  readonly version: string;
  /** The path of the page, for the navigation. */
  readonly path: string;
  /** Where styles and scripts are: paths that change with their content. */
  readonly assets: { readonly style: string; readonly script: string };
  /** What the last change did, or why it was refused. */
  readonly notice: Notice | null;
}

export interface Notice {
  readonly kind: 'good' | 'warn' | 'bad';
  readonly text: string;
}

const places: readonly (readonly [path: string, name: string, scope: Scope])[] = [
  ['/console', 'Models', 'read'],
  ['/console/fleet', 'Fleet', 'read'],
  ['/console/access', 'Access', 'admin'],
];

export function Page({ frame, title, children }: { frame: Frame; title: string; children?: Child }) {
  const { viewer, nonce, assets, path, notice } = frame;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title === 'popserve' ? title : `${title} · popserve`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href={assets.style} nonce={nonce} />
        <script type="module" src={assets.script} nonce={nonce} />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <div>
            <a class="brand" href="/">
              popserve
            </a>
            <nav aria-label="Console">
              {viewer === null
                ? null
                : places
                    .filter(([, , scope]) => viewer.may(scope))
                    .map(([to, name]) => (
                      <a href={to} {...(isAt(path, to) ? { 'aria-current': 'page' } : {})}>
                        {name}
                      </a>
                    ))}
              <a href="/docs">API</a>
            </nav>
            <Who viewer={viewer} path={path} />
          </div>
        </header>
        <main id="main">
          {notice === null ? null : (
            <p class={`note ${notice.kind}`} role={notice.kind === 'bad' ? 'alert' : 'status'}>
              {notice.text}
            </p>
          )}
          {children}
        </main>
        <footer>
          <span>
            popserve {frame.version}, point of presence {frame.pop}
          </span>
          <a href="/openapi.json">openapi.json</a>
        </footer>
      </body>
    </html>
  );
}

function Who({ viewer, path }: { viewer: Viewer | null; path: string }) {
  if (viewer === null) {
    return (
      <div class="who">
        <a href={`/console/sign-in?to=${encodeURIComponent(path)}`}>Sign in</a>
      </div>
    );
  }
  return (
    <div class="who">
      <a href="/console/session" aria-label={`Your session, ${viewer.name ?? viewer.id}`}>
        {viewer.name ?? viewer.id}
      </a>
      <form method="post" action="/console/sign-out">
        <Mark viewer={viewer} />
        <button type="submit">Sign out</button>
      </form>
    </div>
  );
}

/** The hidden field without which no form changes anything. */
export function Mark({ viewer }: { viewer: Viewer }) {
  return <input type="hidden" name="csrf" value={viewer.csrf} />;
}

function isAt(path: string, place: string): boolean {
  return place === '/console' ? path === place || path.startsWith('/console/models') : path.startsWith(place);
}
