// A change before it is made: what will be different, the command that does the same, and the reason that history keeps.
import type { Change } from '../change.ts';
import { type Frame, Mark } from '../page.tsx';
import { CommandLine } from '../parts/command.tsx';
import { ModelPage } from '../parts/model-frame.tsx';

export interface PlannedChange {
  readonly model: string;
  readonly change: Change;
  readonly sentences: readonly string[];
  readonly command: string;
  /** Why it was refused, and whether it would hurt callers on purpose. */
  readonly refusal: { readonly message: string; readonly breaking: boolean } | null;
}

export function changeScreen(frame: Frame, { model, change, sentences, command, refusal }: PlannedChange) {
  const { viewer } = frame;
  return (
    <ModelPage frame={frame} model={model} tab={null}>
      <h2>Before it changes</h2>
      {refusal === null ? null : (
        <p class="note bad" role="alert">
          {refusal.message}
        </p>
      )}
      <ul>
        {sentences.map((sentence) => (
          <li>{sentence}</li>
        ))}
      </ul>
      <CommandLine>{command}</CommandLine>
      {viewer === null ? null : (
        <form class="stack" method="post" action={`/console/models/${model}/change`}>
          <Mark viewer={viewer} />
          {Object.entries(change.fields)
            .filter(([name]) => name !== 'reason' && name !== 'breaking')
            .map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
          {refusal?.breaking ? (
            <label class="choice">
              <input type="checkbox" name="breaking" value="yes" required />
              Callers may break, and I mean it
            </label>
          ) : null}
          <label>
            Reason, kept in the history
            <input name="reason" required maxlength={1000} value={change.fields.reason ?? ''} autofocus />
          </label>
          <div class="row">
            <button class={refusal?.breaking ? 'danger' : 'main'} type="submit">
              {change.name === 'alias'
                ? 'Name it'
                : change.name === 'unalias'
                  ? 'Take the name away'
                  : `Do it: ${change.name}`}
            </button>
            <a class="button" href={`/console/models/${model}`}>
              Leave it as it is
            </a>
          </div>
        </form>
      )}
    </ModelPage>
  );
}
