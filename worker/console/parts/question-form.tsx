// The form for a question to a model, made from what the version takes.
import type { FeatureField, Question } from '../../models/questions.ts';
import { figureText } from './figures.tsx';

/** @param fields what the person has filled in before, by the names of features, or `json` and `text` */
export function QuestionForm({
  model,
  question,
  fields,
}: {
  model: string;
  question: Question;
  fields: Readonly<Record<string, string>>;
}) {
  return (
    <form class="stack" method="post" action={`/console/models/${model}/try`} enctype="multipart/form-data">
      <Fields question={question} fields={fields} />
      <div>
        <button class="main" type="submit">
          Ask {model}
        </button>
      </div>
    </form>
  );
}

function Fields({ question, fields }: { question: Question; fields: Readonly<Record<string, string>> }) {
  switch (question.kind) {
    case 'picture':
      return (
        <label>
          A picture: JPEG, PNG or WebP
          <input type="file" name="file" accept="image/jpeg,image/png,image/webp" required />
        </label>
      );
    case 'text':
      return (
        <label>
          A text
          <textarea name="text" required>
            {fields.text ?? ''}
          </textarea>
        </label>
      );
    case 'tensors':
      return (
        <label>
          The request's body, as JSON
          <textarea name="json" required spellcheck={false}>
            {fields.json ?? question.example}
          </textarea>
        </label>
      );
    case 'features':
      return (
        <>
          {question.fields.map((field, index) => (
            <Feature field={field} name={`f${index}`} value={fields[field.name]} />
          ))}
        </>
      );
  }
}

function Feature({ field, name, value }: { field: FeatureField; name: string; value: string | undefined }) {
  const { name: feature, type, range, categories, optional, example } = field;
  const hint = range === undefined ? '' : `, ${figureText(range[0])} to ${figureText(range[1])} in the reference data`;
  const listId = categories === undefined ? undefined : `${name}-values`;
  return (
    <label>
      {feature}{' '}
      <small>
        {type}
        {hint}
        {optional ? ', may be left out' : ''}
      </small>
      <input
        name={name}
        value={value ?? example}
        spellcheck={false}
        autocomplete="off"
        {...(type === 'number' || type === 'integer' ? { inputmode: 'decimal' } : {})}
        {...(listId === undefined ? {} : { list: listId })}
      />
      {categories === undefined ? null : (
        <datalist id={listId}>
          {categories.map((category) => (
            <option value={category} />
          ))}
        </datalist>
      )}
    </label>
  );
}
