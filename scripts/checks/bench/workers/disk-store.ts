// R2, KV and the Cache API for a bare workerd, read from a folder: the protocols that workerd speaks to the services behind these
// bindings, as far as serving needs them. Reading only: releases are written into the folder before workerd starts.
// @see workerd src/workerd/api/r2-api.capnp, kv.c++, cache.c++; miniflare's simulators

interface StoreEnv {
  DISK: Fetcher;
}

export default {
  async fetch(request: Request, env: StoreEnv): Promise<Response> {
    const r2Request = request.headers.get('cf-r2-request');
    if (r2Request !== null) return await readObject(JSON.parse(r2Request), env);
    // The cache is always empty.
    if (request.headers.get('cache-control') === 'only-if-cached') {
      return new Response(null, { status: 504, headers: { 'cf-cache-status': 'MISS' } });
    }
    if (request.method !== 'GET') return new Response(null, { status: 204 });
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const file = await env.DISK.fetch(diskUrl('kv', key));
    return file.ok ? new Response(file.body) : new Response(null, { status: 404 });
  },
};

async function readObject({ method, object }: { method: string; object?: string }, env: StoreEnv): Promise<Response> {
  if ((method !== 'get' && method !== 'head') || object === undefined) return r2Error(501, 10_001, `no ${method} here`);
  const file = await env.DISK.fetch(diskUrl('r2', object));
  if (!file.ok || !file.body) return r2Error(404, 10_007, 'The specified key does not exist.');
  const size = Number(file.headers.get('content-length'));
  const metadata = new TextEncoder().encode(
    JSON.stringify({
      name: object,
      version: '1',
      size,
      etag: '1',
      uploaded: 0,
      httpFields: {},
      customFields: [],
      range: { offset: 0, length: size },
      checksums: {},
    }),
  );
  const headers = { 'cf-r2-metadata-size': String(metadata.length) };
  if (method === 'head') {
    await file.body.cancel();
    return new Response(metadata, { headers });
  }
  const { readable, writable } = new FixedLengthStream(metadata.length + size);
  const writer = writable.getWriter();
  const body = file.body;
  void writer
    .write(metadata)
    .then(() => writer.releaseLock())
    .then(() => body.pipeTo(writable));
  return new Response(readable, { headers });
}

function r2Error(status: number, v4code: number, message: string): Response {
  return new Response(null, {
    status,
    headers: { 'cf-r2-error': JSON.stringify({ version: 1, v4code, message }) },
  });
}

function diskUrl(folder: string, key: string): string {
  return `http://disk/${folder}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
