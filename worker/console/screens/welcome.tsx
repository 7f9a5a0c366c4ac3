// What a person finds who opens the server's address: what it is, its models, and a first request to copy.
import type { ModelList } from '../../../registry/api/metadata.ts';
import { type Frame, Page } from '../page.tsx';
import { CommandLine } from '../parts/command.tsx';

export interface Welcome {
  readonly models: ModelList['models'];
  readonly origin: string;
}

export function welcomeScreen(frame: Frame, { models, origin }: Welcome) {
  const first = models.find(({ aliases }) => aliases.stable !== undefined);
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
          <CommandLine>npx popserve publish model.onnx --name my-model --activate</CommandLine>
        </div>
      ) : (
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
      )}
      {first === undefined ? null : (
        <>
          <h2>Ask by hand</h2>
          <CommandLine label="What the model takes">{`curl -s ${origin}/v2/models/${first.name}`}</CommandLine>
        </>
      )}
      <h2>Further</h2>
      <ul>
        <li>
          <a href="/docs">Every call of the API</a>, to try in the browser
        </li>
        <li>
          <a href="/console">The console</a>: releases, drift, access
        </li>
      </ul>
    </Page>
  );
}
