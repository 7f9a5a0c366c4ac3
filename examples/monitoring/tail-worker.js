// CPU and wall time of each request to popserve as the platform measures them, by model: a second Worker, which the platform calls
// with the traces of the first. See docs/latency.md.
//
// Deploy it beside popserve, and name it in popserve's wrangler.toml, in the environment that is watched:
//
//   npx wrangler deploy examples/monitoring/tail-worker.js --name popserve-times --compatibility-date 2026-07-30
//
//   [[env.production.tail_consumers]]
//   service = "popserve-times"
//
// With a binding TIMES to an Analytics Engine dataset it writes a point for each request; without one it only logs.

/** @typedef {{ requests: number, failed: number, cpuMs: number[], wallMs: number[] }} Times */

export default {
  /**
   * @param {readonly { outcome: string, cpuTime?: number, wallTime?: number, event: unknown }[]} traces
   * @param {{ TIMES?: { writeDataPoint(point: object): void } }} env
   */
  tail(traces, env) {
    /** @type {Map<string, Times>} */
    const byModel = new Map();
    for (const { outcome, cpuTime = 0, wallTime = 0, event } of traces) {
      const call = callOf(event);
      if (call === null) continue;
      const { model, status } = call;
      const times = byModel.get(model) ?? { requests: 0, failed: 0, cpuMs: [], wallMs: [] };
      byModel.set(model, times);
      times.requests += 1;
      if (outcome !== 'ok' || status >= 500) times.failed += 1;
      times.cpuMs.push(cpuTime);
      times.wallMs.push(wallTime);
      env.TIMES?.writeDataPoint({ indexes: [model], blobs: [outcome, String(status)], doubles: [cpuTime, wallTime] });
    }
    for (const [model, { requests, failed, cpuMs, wallMs }] of byModel) {
      const line = { event: 'times', source: 'platform', model, requests, failed };
      console.log(JSON.stringify({ ...line, cpuMs: quantiles(cpuMs), wallMs: quantiles(wallMs) }));
    }
  },
};

/**
 * The model that a request was about and the status of its answer; null for other events, and for requests that are no inference.
 * @param {unknown} event
 */
function callOf(event) {
  if (typeof event !== 'object' || event === null || !('request' in event)) return null;
  const { request, response } = /** @type {{ request: { url: string }, response?: { status: number } }} */ (event);
  const { pathname } = new URL(request.url);
  const found =
    /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?\/infer$/.exec(pathname) ??
    /^\/v1\/models\/([^/:]+)(?:\/(?:versions|labels)\/[^/:]+)?:predict$/.exec(pathname);
  return found === null ? null : { model: found[1] ?? '', status: response?.status ?? 0 };
}

/** @param {number[]} values at least one */
function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}
