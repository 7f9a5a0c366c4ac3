// A person at the console without a browser: keeps the session's cookie, follows no redirects, reads forms.
import type { TestPop } from './pop.ts';

export interface PageAnswer {
  readonly status: number;
  readonly html: string;
  readonly headers: Headers;
  /** Where a redirect leads; null for none. */
  readonly to: string | null;
}

export class BrowserSession {
  readonly #pop: TestPop;
  cookie: string | null = null;

  constructor(pop: TestPop) {
    this.#pop = pop;
  }

  static async signedIn(pop: TestPop, credential: string = pop.pop.token): Promise<BrowserSession> {
    const session = new BrowserSession(pop);
    const answer = await session.post('/console/sign-in', { credential, to: '/console' });
    if (answer.status !== 303) throw new Error(`the sign-in was refused with ${answer.status}: ${textOf(answer.html)}`);
    return session;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<PageAnswer> {
    return this.#send('GET', path, undefined, headers);
  }

  /** As a form of a page of the same origin sends it. @param fields pairs where a name comes several times */
  post(
    path: string,
    fields: Readonly<Record<string, string>> | [string, string][],
    headers: Readonly<Record<string, string>> = { 'sec-fetch-site': 'same-origin' },
  ): Promise<PageAnswer> {
    return this.#send('POST', path, new URLSearchParams(fields), headers);
  }

  /** The mark that stands in the forms of a page. */
  async mark(path = '/console'): Promise<string> {
    const { html } = await this.get(path);
    const [, mark] = /name="csrf" value="([^"]+)"/.exec(html) ?? [];
    if (mark === undefined) throw new Error(`there is no form with a mark on ${path}`);
    return mark;
  }

  async #send(
    method: string,
    path: string,
    body: URLSearchParams | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<PageAnswer> {
    const response = await fetch(new URL(path, this.#pop.pop.url), {
      method,
      redirect: 'manual',
      headers: {
        connection: 'close',
        accept: 'text/html',
        ...(this.cookie === null ? {} : { cookie: this.cookie }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      this.cookie = /max-age=0/i.test(set) ? null : pair;
    }
    const html = await response.text();
    return { status: response.status, html, headers: response.headers, to: response.headers.get('location') };
  }
}

/** The words of a page, without its marks. */
export function textOf(html: string): string {
  return html
    .replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();
}
