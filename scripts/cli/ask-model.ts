// One question to a model at a PoP, and the same by curl.
import { shellLine } from '../../registry/shell-words.ts';
import { type Reply, urlPath } from './connection.ts';
import type { Context } from './context.ts';

export interface AskedModel {
  readonly model: string;
  /** A version or an alias; undefined: what is served. */
  readonly version: string | undefined;
  readonly minEpoch: number | undefined;
}

export interface Question {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** The body as curl is told it. */
  readonly curlBody: readonly [option: '--data-binary' | '--data-raw', value: string];
}

/** @throws {PopserveError} whatever the PoP says */
export function askModel(context: Context, asked: AskedModel, { body, contentType }: Question): Promise<Reply> {
  return sendTo(context, asked, { body, headers: { 'content-type': contentType } });
}

/** @throws {PopserveError} whatever the PoP says */
export function sendTo(
  { connection, progress }: Context,
  asked: AskedModel,
  {
    body,
    headers,
  }: { readonly body: string | Uint8Array<ArrayBuffer>; readonly headers: Readonly<Record<string, string>> },
): Promise<Reply> {
  progress.step(`asking ${connection.settings.url}`);
  return connection.send({
    method: 'POST',
    path: `${pathOf(asked)}/infer`,
    body,
    headers: {
      ...headers,
      ...(asked.minEpoch === undefined ? {} : { 'popserve-min-epoch': String(asked.minEpoch) }),
    },
    // A keyed server asks for it; an open one takes it as well.
    authorized: connection.settings.token !== null,
    repeat: 'always',
  });
}

/** The line that asks the same, without the token. */
export function curlOf({ connection }: Context, asked: AskedModel, { contentType, curlBody }: Question): string[] {
  const endpoint = new URL(`${pathOf(asked)}/infer`, connection.settings.url).href;
  const line = shellLine(['curl', '-s', endpoint, '-H', `content-type: ${contentType}`, ...curlBody]);
  return ['the same by curl:', `  ${line}`];
}

export function titleOf({ model }: AskedModel, { headers }: Reply, of: string): string {
  return [model, headers.get('popserve-version'), 'of', of].filter((part) => part !== null).join(' ');
}

/** The path of the model, or of the version that is asked for. */
export function pathOf({ model, version }: Pick<AskedModel, 'model' | 'version'>): string {
  const target = version === undefined ? '' : urlPath`/versions/${version}`;
  return `${urlPath`v2/models/${model}`}${target}`;
}
