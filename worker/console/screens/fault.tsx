// A page in place of an error's JSON: what is wrong, and the way on.
import { type Frame, Page } from '../page.tsx';

export function faultScreen(frame: Frame, { status, message }: { readonly status: number; readonly message: string }) {
  return (
    <Page frame={frame} title={status === 404 ? 'Not found' : 'Refused'}>
      <h1>{status === 404 ? 'There is no such page' : status >= 500 ? 'This does not work now' : 'This is refused'}</h1>
      <p class="note bad">{message}</p>
      <p>
        <a href="/console">All models</a>
      </p>
    </Page>
  );
}
