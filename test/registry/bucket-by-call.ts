// miniflare's R2 with one request for each operation. The binding that miniflare hands out itself asks workerd, synchronously, for
// every property of every object: a list of ten objects is fifty requests.
import type { R2Bucket, R2Object, R2ObjectBody } from '@cloudflare/workers-types';
import type { Miniflare } from 'miniflare';

/** The Worker that does the operations; its binding is `MODELS`. */
export const bucketWorker = `
const told = ({ key, version, size, etag, httpEtag, uploaded, httpMetadata, customMetadata }) =>
  ({ key, version, size, etag, httpEtag, uploaded, httpMetadata, customMetadata });
export default {
  async fetch(request, { MODELS }) {
    const [method, key, options] = JSON.parse(decodeURIComponent(request.headers.get('operation')));
    try {
      const answer = method === 'put' ? await MODELS.put(key, await request.arrayBuffer(), options) : await MODELS[method](key, options);
      const objects = answer?.objects;
      const value = objects ? { ...answer, objects: objects.map(told) } : answer?.key === undefined ? null : told(answer);
      const hasBody = answer?.body !== undefined;
      const head = JSON.stringify({ value, hasBody });
      return hasBody ? new Response(answer.body, { headers: { head: encodeURIComponent(head) } }) : new Response(head);
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  },
};`;

type ToldObject = Omit<R2Object, 'uploaded'> & { readonly uploaded: string };

interface Told {
  readonly value: ToldObject | { readonly objects: readonly ToldObject[] } | null;
  readonly hasBody: boolean;
}

/** `head`, `get`, `put`, `list` and `delete` of the bucket of a Miniflare that runs {@link bucketWorker}. */
export function bucketByCall(miniflare: Miniflare): R2Bucket {
  const call = async (operation: readonly unknown[], body?: ConstructorParameters<typeof Response>[0]) => {
    const headers = { operation: encodeURIComponent(JSON.stringify(operation)) };
    const bytes = body === undefined ? undefined : await new Response(body).arrayBuffer();
    const init = { method: 'POST', headers, ...(bytes === undefined ? {} : { body: bytes }) };
    const response = await miniflare.dispatchFetch('http://bucket/', init);
    if (!response.ok) throw new Error(await response.text());
    const head = response.headers.get('head');
    const { value, hasBody } = JSON.parse(head === null ? await response.text() : decodeURIComponent(head)) as Told;
    if (value === null) return null;
    if ('objects' in value) return { ...value, objects: value.objects.map(withDate) };
    return hasBody ? withBody(withDate(value), await response.arrayBuffer()) : withDate(value);
  };
  const operations = {
    head: (key: string) => call(['head', key]),
    get: (key: string, options: object = {}) => call(['get', key, options]),
    list: (options: object = {}) => call(['list', options]),
    put: (key: string, body: ConstructorParameters<typeof Response>[0], options: object = {}) =>
      call(['put', key, options], body),
    delete: (keys: string | string[]) => call(['delete', keys]),
  };
  return operations as unknown as R2Bucket;
}

function withDate(object: ToldObject): R2Object {
  return { ...object, uploaded: new Date(object.uploaded) } as unknown as R2Object;
}

function withBody(object: R2Object, bytes: ArrayBuffer): R2ObjectBody {
  const response = () => new Response(bytes);
  return {
    ...object,
    get body() {
      return response().body;
    },
    arrayBuffer: async () => bytes,
    text: () => response().text(),
    json: () => response().json(),
  } as unknown as R2ObjectBody;
}
