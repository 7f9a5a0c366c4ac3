// Entry of a simulated isolate: the serving bundle as it is, behind a clock that the simulation can stop. What fault.js does to
// the answers is nothing, unless the simulation itself is tested.
import './fleet-clock.js';
import breakAnswer from './fault.js';
import bundle from './index.js';

export * from './index.js';
export default {
  async fetch(request, env, ctx) {
    const order = request.headers.get('simulated-clock');
    if (order === null) return breakAnswer(await bundle.fetch(request, env, ctx));
    globalThis.simulatedClock(order);
    return new Response(null, { status: 204 });
  },
};
