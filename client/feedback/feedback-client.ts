// The client that keeps the ids of its answers, to tell later what was true.
import { guard } from '../abortable.ts';
import { PopserveClient } from '../client.ts';
import { toJson } from '../json.ts';
import { jsonOf, pathOf, provenance } from '../model-calls.ts';
import type { CallOptions, ClientOptions, PredictAnswer } from '../options.ts';

export interface KeptAnswer<P> extends PredictAnswer<P> {
  /** Kept until the truth is known; null where the server takes no feedback, or the model answers with more than a label or number. */
  answerId: string | null;
}

type Value = string | number | boolean | null;

export interface Truth {
  /** The `answerId` of the answer. */
  id: string;
  /** The label or number that was right; a list in the order of the records if there were several. */
  truth: Value | readonly Value[];
}

/** As many as one call takes. */
const mostTruths = 1000;

export class FeedbackClient extends PopserveClient {
  /**
   * Makes a client that keeps the ids of its answers and can also do all that a `PopserveClient` does.
   * @example
   * ```ts
   * import { FeedbackClient } from 'popserve/client/feedback';
   *
   * const client = new FeedbackClient('http://127.0.0.1:8787', { deviceKey: 'pump-7' });
   * const { name } = await client.metadata('machine-failure');
   * console.log(name); // machine-failure
   * ```
   * @param url the address of the PoPs
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    super(url, options);
  }

  /**
   * Runs a model on records, and keeps the id of the answer.
   * @example
   * ```ts
   * import { FeedbackClient } from 'popserve/client/feedback';
   *
   * const client = new FeedbackClient('http://127.0.0.1:8787');
   * const { answerId } = await client.predict('machine-failure', [
   *   { type: 'L', air_temperature: 298.9, process_temperature: 309.1, rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
   * ]);
   * console.log(typeof answerId); // string
   * ```
   * @typeParam P the shape of a prediction
   * @throws {PopserveError} if no PoP gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  override predict<P = Record<string, unknown>>(
    model: string,
    instances: readonly Readonly<Record<string, unknown>>[],
    options: CallOptions = {},
  ): Promise<KeptAnswer<P>> {
    return guard(options.signal, async () => {
      const received = await this.send(`${pathOf(model, options.version)}/infer`, options, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'popserve-feedback': '1' },
        body: toJson({ instances }),
      });
      const { predictions } = jsonOf(received) as { predictions: P[] };
      return { ...provenance(model, received), predictions, answerId: received.headers.get('popserve-answer-id') };
    });
  }

  /**
   * Tells what was true, for answers whose ids were kept. An answer counts once, however often it is told of.
   * @example
   * ```ts
   * import { FeedbackClient } from 'popserve/client/feedback';
   *
   * const client = new FeedbackClient('http://127.0.0.1:8787');
   * const { answerId } = await client.predict('machine-failure', [
   *   { type: 'L', air_temperature: 298.9, process_temperature: 309.1, rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
   * ]);
   * const { accepted } = await client.tell('machine-failure', [{ id: answerId ?? '', truth: 1 }]);
   * console.log(accepted); // 1
   * ```
   * @returns how many were accepted, and the places in `truths` of those that were not, with the reasons
   * @throws {PopserveError} if no PoP takes them; UNSUPPORTED where the server takes no feedback
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  tell(
    model: string,
    truths: readonly Truth[],
    options: CallOptions = {},
  ): Promise<{ accepted: number; refused: { place: number; error: string }[] }> {
    return guard(options.signal, async () => {
      const told = { accepted: 0, refused: [] as { place: number; error: string }[] };
      for (let from = 0; from < truths.length; from += mostTruths) {
        const part = jsonOf(
          await this.send(`${pathOf(model, undefined)}/feedback`, options, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: toJson(truths.slice(from, from + mostTruths)),
          }),
        ) as typeof told;
        told.accepted += part.accepted;
        for (const { place, error } of part.refused) told.refused.push({ place: from + place, error });
      }
      return told;
    });
  }
}
