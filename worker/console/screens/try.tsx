// A form for a question to a model, and the answer: as the API gives it, with the request as curl; boxes lie over their picture.
import * as z from 'zod';
import { shellLine } from '../../../registry/shell-words.ts';
import type { Question } from '../../models/questions.ts';
import type { Frame } from '../page.tsx';
import { CommandLine } from '../parts/command.tsx';
import { ModelPage } from '../parts/model-frame.tsx';
import { QuestionForm } from '../parts/question-form.tsx';

export interface AskedQuestion {
  readonly body: string | File;
  readonly contentType: string;
  /** What the person has filled in, by the names of features, or `json` and `text`. */
  readonly fields: Readonly<Record<string, string>>;
  readonly fileName: string | null;
}

export interface TryAnswer {
  readonly asked: AskedQuestion;
  readonly url: string;
  /** A caller needs a key. */
  readonly isKeyed: boolean;
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** The picture that was sent, where there was one, as people see it. */
  readonly picture: { readonly url: string; readonly width: number; readonly height: number } | null;
}

export interface Try {
  readonly model: string;
  readonly question: Question;
  readonly fields: Readonly<Record<string, string>>;
  readonly answer: TryAnswer | null;
}

export function tryScreen(frame: Frame, { model, question, fields, answer }: Try) {
  return (
    <ModelPage frame={frame} model={model} tab="Try">
      <div class="cards">
        <section class="card">
          <h2>Ask</h2>
          <QuestionForm model={model} question={question} fields={fields} />
        </section>
        <section class="card" aria-live="polite">
          <h2>Answer</h2>
          {answer === null ? (
            <p class="quiet">The answer comes here, with the request to copy.</p>
          ) : (
            <Answer answer={answer} />
          )}
        </section>
      </div>
    </ModelPage>
  );
}

function Answer({ answer }: { answer: TryAnswer }) {
  const { status, headers, body, picture } = answer;
  return (
    <>
      <p>
        <span class={`mark ${status < 300 ? 'good' : 'bad'}`}>{status}</span>
      </p>
      {picture === null ? null : <Picture picture={picture} body={body} />}
      {status < 300 ? <Scores body={body} /> : null}
      <pre tabindex={0}>{pretty(body)}</pre>
      <details>
        <summary>Headers</summary>
        <dl class="facts">
          {headers.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
      </details>
      <h3>The same by curl</h3>
      <CommandLine label={answer.isKeyed ? 'with a key in POPSERVE_KEY' : 'from any machine that reaches this one'}>
        {curlOf(answer)}
      </CommandLine>
    </>
  );
}

const boxesSchema = z.array(
  z.object({
    label: z.string(),
    score: z.number(),
    box: z.object({ xmin: z.number(), ymin: z.number(), xmax: z.number(), ymax: z.number() }),
  }),
);
const scoresSchema = z.array(z.object({ label: z.string(), score: z.number() }));

function Picture({ picture, body }: { picture: NonNullable<TryAnswer['picture']>; body: string }) {
  const { url, width, height } = picture;
  const boxes = boxesSchema.safeParse(json(body)).data ?? [];
  const stroke = Math.max(1, Math.round(Math.max(width, height) / 200));
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label="The picture that was sent, with the boxes found"
    >
      <image href={url} width={String(width)} height={String(height)} />
      {boxes.map(({ label, box }) => (
        <g>
          <rect
            class="a"
            x={String(box.xmin)}
            y={String(box.ymin)}
            width={String(box.xmax - box.xmin)}
            height={String(box.ymax - box.ymin)}
            stroke-width={String(stroke)}
          >
            <title>{label}</title>
          </rect>
        </g>
      ))}
    </svg>
  );
}

/** Labels with their scores as bars that can be read as a table. */
function Scores({ body }: { body: string }) {
  const scores = scoresSchema.safeParse(json(body)).data;
  if (scores === undefined || scores.length === 0) return null;
  return (
    <table>
      <tbody>
        {scores.slice(0, 20).map(({ label, score }) => (
          <tr>
            <th scope="row">{label}</th>
            <td class="number">{score.toFixed(4)}</td>
            <td>
              <meter
                min="0"
                max="1"
                value={String(Math.max(0, Math.min(1, score)))}
                aria-label={`${label}: ${score.toFixed(4)}`}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function curlOf({ asked, url, isKeyed }: TryAnswer): string {
  const words = ['curl', '-s', url, '-H', `content-type: ${asked.contentType}`];
  const data = asked.fileName === null ? ['-d', String(asked.body)] : ['--data-binary', `@${asked.fileName}`];
  const key = isKeyed ? ' -H "authorization: Bearer $POPSERVE_KEY"' : '';
  return shellLine([...words, ...data]) + key;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function pretty(text: string): string {
  const value = json(text);
  // Numbers beyond what JavaScript holds stay as they came.
  return value === null || /\d{16}/.test(text) ? text : JSON.stringify(value, null, 1);
}
