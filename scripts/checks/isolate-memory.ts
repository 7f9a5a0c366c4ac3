// The JS memory of an isolate, asked through workerd's inspector (Chrome DevTools Protocol). WASM memory is in
// neither number.

interface HeapUsage {
  /** V8's heap in use. */
  readonly usedSize: number;
  /** ArrayBuffers behind it. */
  readonly backingStorageSize: number;
}

/** Finalisers run after a collection and free what the next one finds. */
const collections = 3;
const longestMs = 10_000;
/** The inspector of a busy isolate may lose a message: it is asked again over a new connection. */
const mostTries = 4;

/**
 * @param inspector the inspector's address for the isolate
 * @param poke what may be requested of the Worker to keep the isolate going, whatever it answers
 * @param options.collect whether garbage is collected first
 * @returns the bytes that the isolate holds in JS
 */
export async function measureJsMemory(
  inspector: URL | string,
  poke: URL | string,
  { collect = true }: { collect?: boolean } = {},
): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await measureOnce(inspector, poke, collect);
    } catch (error) {
      if (tries === mostTries) throw error;
    }
  }
}

async function measureOnce(inspector: URL | string, poke: URL | string, collect: boolean): Promise<number> {
  const socket = new WebSocket(inspector);
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the inspector refused the connection')));
    });
    for (let collection = 0; collect && collection < collections; collection++) {
      await call(socket, 'HeapProfiler.collectGarbage', poke);
    }
    const { usedSize, backingStorageSize } = await call<HeapUsage>(socket, 'Runtime.getHeapUsage', poke);
    return usedSize + backingStorageSize;
  } finally {
    socket.close();
  }
}

let lastId = 0;

/** An idle isolate runs no tasks, and a collection is one: requests keep it going until it is done. */
async function call<T>(socket: WebSocket, method: string, poke: URL | string): Promise<T> {
  const id = ++lastId;
  let answer: { result?: T; error?: { message: string } } | undefined;
  const listen = ({ data }: MessageEvent) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: T; error?: { message: string } };
    if (message.id === id) answer = message;
  };
  socket.addEventListener('message', listen);
  socket.send(JSON.stringify({ id, method }));
  const untilMs = performance.now() + longestMs;
  while (answer === undefined && performance.now() < untilMs) {
    await fetch(poke).then(
      (poked) => poked.arrayBuffer(),
      // workerd may just have closed an idle connection: the next request opens another one.
      () => undefined,
    );
  }
  socket.removeEventListener('message', listen);
  if (answer?.result === undefined)
    throw new Error(`${method}: ${answer?.error?.message ?? 'the inspector is silent'}`);
  return answer.result;
}
