// The stage of the story: three PoPs of the real Worker on this machine, who is told of drift, the operator, the devices.
import { randomBytes } from 'node:crypto';
import { Inspector } from '../../inspect/inspector.ts';
import { startPops } from '../../local-pop/pop.ts';
import { WebhookReceiver } from '../../local-pop/webhook-receiver.ts';
import { drawPool, ReadingStream } from '../readings.ts';
import { Devices } from './devices.ts';
import { Operator } from './operator.ts';
import { regions, type StoryPlan, usual } from './plan.ts';

export interface Stage {
  readonly urls: ReadonlyMap<string, URL>;
  readonly token: string;
  readonly receiver: WebhookReceiver;
  readonly operator: Operator;
  /** By region, in the order of the plan. */
  readonly devices: readonly Devices[];
  close(): Promise<void>;
}

/** @param doing gets what takes its time */
export async function openStage(plan: StoryPlan, doing: (text: string) => void): Promise<Stage> {
  doing('bundling the Worker, starting workerd');
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  const receiver = await WebhookReceiver.start(secret);
  const settings = {
    // Minutes of a deployment pass here in seconds.
    ROUTE_REFRESH_SECONDS: '1',
    TELEMETRY_FLUSH_SECONDS: '0.2',
    DRIFT_WINDOW_SECONDS: String(plan.driftWindowSeconds),
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: secret,
  };
  const starting = [startPops({ directory: null, port: 0, settings }, regions), Inspector.start()] as const;
  const [network, inspector] = await Promise.all(starting).catch(async (error: unknown) => {
    await Promise.allSettled([starting[0].then(({ stop }) => stop()), starting[1].then((each) => each.close())]);
    await receiver.stop();
    throw error;
  });
  const operator = new Operator(network, inspector, doing);
  const devices = regions.map((region, index) => {
    const stream = new ReadingStream((pool) =>
      drawPool({
        ...{ seed: plan.seed, purpose: 'live', index: index + regions.length * pool, conditions: usual },
        ...{ machines: plan.machines, rows: plan.trainingRows },
      }),
    );
    return new Devices(region, network.urls.get(region.pop) ?? network.url, plan, stream);
  });
  const close = async () => {
    await inspector.close();
    await network.stop();
    await receiver.stop();
  };
  return { urls: network.urls, token: network.token, receiver, operator, devices, close };
}
