// A question to a model by a form. It is asked like any other caller's, by a request to this Worker, with the rights of the session.
import type { Context } from 'hono';
import { invalid, PopserveError } from '../../../registry/errors.ts';
import { parseJson } from '../../../registry/parse.ts';
import type { AskedQuestion, TryAnswer } from '../../console/screens/try.tsx';
import type { AppContext } from '../../http/app-context.ts';
import { readBody } from '../../http/read-body.ts';
import { modelOf } from '../../http/registry-request.ts';
import { readSelector } from '../../http/selector.ts';
import { sessionOf } from '../../http/session.ts';
import { isCrossSite } from '../../middleware/session.ts';
import { type Question, questionOf } from '../../models/questions.ts';
import { answerPage, frameOf } from './answer-page.ts';

/** Answers a request of the Worker's own, as if it had come from outside. */
export type Dispatch = (request: Request, c: Context<AppContext>) => Promise<Response>;

/** A picture of a form is shown again in the page of its answer. */
const mostFormBytes = 8 * 1024 * 1024;
/** The host that was asked for, and whose limits count. */
const carried = ['host', 'cf-connecting-ip'];
/** Characters of an answer that a page shows. */
const mostShown = 100_000;

export async function showTry(c: Context<AppContext>) {
  return await page(c, await questionFor(c), {}, null);
}

export function askFrom(dispatch: Dispatch) {
  return async (c: Context<AppContext>) => {
    if (isCrossSite(c)) throw new PopserveError('PERMISSION_DENIED', 'the form comes from another site');
    const question = await questionFor(c);
    const form = await readForm(c);
    const asked = askedOf(question, form);
    return await page(c, question, asked.fields, await ask(c, dispatch, asked));
  };
}

async function questionFor(c: Context<AppContext>): Promise<Question> {
  const { manifest } = await c.var.isolate.routes.resolve(readSelector(c), c.executionCtx);
  return questionOf(manifest);
}

async function readForm(c: Context<AppContext>): Promise<FormData> {
  const { config, ledger } = c.var.isolate;
  const account = ledger.open(null);
  try {
    const most = Math.min(mostFormBytes, config.maxBodyBytes);
    const limits = {
      maxBodyBytes: most,
      maxInflatedBytes: most,
      maxSeconds: config.maxBodySeconds,
      readsMedia: () => true,
    };
    const body = (await readBody(c.req.raw, limits, account)) as Uint8Array<ArrayBuffer>;
    const headers = { 'content-type': c.req.header('content-type') ?? '' };
    return await new Response(body, { headers }).formData();
  } finally {
    account.give('bodies');
  }
}

function askedOf(question: Question, form: FormData): AskedQuestion {
  const text = (name: string) => {
    const value: unknown = form.get(name);
    return typeof value === 'string' ? value : '';
  };
  switch (question.kind) {
    case 'picture': {
      const file: unknown = form.get('file');
      if (!(file instanceof File) || file.size === 0) throw invalid('expected a picture, none was chosen');
      return { body: file, contentType: file.type || 'application/octet-stream', fields: {}, fileName: file.name };
    }
    case 'text': {
      const body = JSON.stringify({ inputs: text('text') });
      return { body, contentType: 'application/json', fields: { text: text('text') }, fileName: null };
    }
    case 'tensors': {
      const body = text('json');
      return { body, contentType: 'application/json', fields: { json: body }, fileName: null };
    }
    case 'features': {
      const fields = Object.fromEntries(question.fields.map(({ name }, index) => [name, text(`f${index}`)]));
      const record = question.fields.flatMap(({ name, type, optional }) => {
        const value = fields[name] ?? '';
        if (value === '' && (optional || type !== 'string')) return [];
        return [`${JSON.stringify(name)}:${type === 'string' ? JSON.stringify(value) : literal(name, value)}`];
      });
      return { body: `{"instances":[{${record.join(',')}}]}`, contentType: 'application/json', fields, fileName: null };
    }
  }
}

/** As the person has written it: digits stay as they are. */
function literal(name: string, value: string): string {
  const trimmed = value.trim();
  parseJson(trimmed, `feature '${name}'`, 'INVALID_ARGUMENT');
  return trimmed;
}

async function ask(c: Context<AppContext>, dispatch: Dispatch, asked: AskedQuestion): Promise<TryAnswer> {
  const url = new URL(`/v2/models/${modelOf(c)}/infer`, c.req.url);
  const session = await sessionOf(c);
  const headers = new Headers({ 'content-type': asked.contentType });
  if (session !== null) headers.set('authorization', `Bearer ${session.credential}`);
  for (const name of carried) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const response = await dispatch(new Request(url, { method: 'POST', headers, body: asked.body }), c);
  const text = await response.text();
  return {
    asked,
    url: url.href,
    isKeyed: c.var.isolate.config.access === 'keyed',
    status: response.status,
    headers: [...response.headers].filter(([name]) => /^(popserve-|content-type|server-timing|retry-after)/.test(name)),
    body: text.slice(0, mostShown),
    picture: asked.body instanceof File && response.ok ? await pictureOf(asked.body) : null,
  };
}

async function pictureOf(file: File): Promise<TryAnswer['picture']> {
  const [{ readPictureHeader }, { encodeBase64 }] = await Promise.all([
    import('../../pipeline/picture-header.ts'),
    import('../../../registry/bytes.ts'),
  ]);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { format, width, height, orientation } = readPictureHeader(bytes, 'the picture');
  const turned = orientation >= 5;
  return {
    url: `data:image/${format};base64,${encodeBase64(bytes)}`,
    ...(turned ? { width: height, height: width } : { width, height }),
  };
}

async function page(
  c: Context<AppContext>,
  question: Question,
  fields: Readonly<Record<string, string>>,
  answer: TryAnswer | null,
) {
  const { tryScreen } = await import('../../console/screens/try.tsx');
  const frame = await frameOf(c);
  return answerPage(c, tryScreen(frame, { model: modelOf(c), question, fields, answer }));
}
