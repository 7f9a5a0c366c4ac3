// What a person finds who opens the server's address: what it is, its models, a form to ask the first one, and requests to copy.
import type { ModelList } from '../../../registry/api/metadata.ts';
import type { Question } from '../../models/questions.ts';
import { type Frame, Page } from '../page.tsx';
import { CommandLine } from '../parts/command.tsx';
import { QuestionForm } from '../parts/question-form.tsx';
import { Snippets } from '../parts/snippets.tsx';

export interface Welcome {
  readonly models: ModelList['models'];
  readonly origin: string;
  /** The first model that answers; null where none does. */
  readonly first: { readonly model: string; readonly question: Question } | null;
}

export function welcomeScreen(frame: Frame, { models, origin, first }: Welcome) {
  return (
    <Page frame={frame} title="popserve">
      <h1>popserve</h1>
      <p>
        This server answers questions with versioned ONNX models, at every point of presence of its network. Send
        features, tensors, pictures or texts to a model over HTTPS.
      </p>
      {models.length === 0 ? (
        <div class="card">
          <p>No model is here yet. Publish one:</p>
          <CommandLine label="in a terminal">npx popserve publish model.onnx --name my-model --activate</CommandLine>
        </div>
      ) : (
        <Models models={models} />
      )}
      {first === null ? null : (
        <div class="cards">
          <section class="card">
            <h2>Ask {first.model}</h2>
            <QuestionForm model={first.model} question={first.question} fields={{}} />
          </section>
          <section class="card">
            <h2>From your own code</h2>
            <Snippets url={`${origin}/v2/models/${first.model}/infer`} question={first.question} />
          </section>
        </div>
      )}
      <h2>Further</h2>
      <ul>
        <li>
          <a href="/docs">Every call of the API</a>, to try in the browser
        </li>
        <li>
          <a href="/console">The console</a>: releases, drift, access
        </li>
        <li>
          <a href="/metrics">Metrics for Prometheus</a>, with a key
        </li>
      </ul>
    </Page>
  );
}

function Models({ models }: Pick<Welcome, 'models'>) {
  return (
    <>
      <h2>Models</h2>
      <div class="cards">
        {models.map(({ name, aliases, versions }) => (
          <section class="card">
            <h3>
              <a href={`/console/models/${name}/try`}>{name}</a>
            </h3>
            <p class="quiet">
              {aliases.stable === undefined ? 'no version is active' : `serves ${aliases.stable}`}, {versions}{' '}
              {versions === 1 ? 'version' : 'versions'}
            </p>
          </section>
        ))}
      </div>
    </>
  );
}
