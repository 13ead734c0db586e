import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ACTIONS, runUrl } from '../api/settings';
import { useAction } from '../hooks/use-action';
import { readAnswer } from '../model/answer';
import type { Awaiting, JsonValue, RunRecord } from '../model/records';
import { JsonTree } from './json-tree';
import { Icon } from './icon';
import { Time } from './time';

interface WaitingProps {
  readonly run: RunRecord;
  readonly awaiting: Awaiting;
  readonly done: () => void;
}

/** What a parked run waits for, and the way to give it. */
export function WaitingNote({ run, awaiting, done }: WaitingProps): JSX.Element {
  const answered = 'answer' in awaiting;
  return (
    <section class={`note tone-${answered ? 'answered' : 'waiting'}`} aria-label="What this run waits for">
      <h2>
        <Icon name={answered ? 'answered' : 'waiting'} />
        {answered ? 'Answered: a worker has to resume it' : 'Waits for a person'}
        {awaiting.reason !== null && awaiting.reason !== '' && `: ${awaiting.reason}`}
      </h2>
      <p class="muted">
        since <Time at={awaiting.since} ago />
        {awaiting.expires_at !== null && (
          <>
            , expires <Time at={awaiting.expires_at} ago />
          </>
        )}
      </p>
      {awaiting.data !== null && <JsonTree value={awaiting.data} />}
      {answered && <JsonTree value={{ answer: awaiting.answer ?? null }} />}
      {!answered && ACTIONS && <AnswerForm run={run} awaiting={awaiting} done={done} />}
    </section>
  );
}

function AnswerForm({ run, awaiting, done }: WaitingProps): JSX.Element {
  const { busy, problem, post } = useAction(runUrl(run.id, '/answer'));
  const send = async (value: JsonValue): Promise<void> => {
    await post({ value });
    // Whoever was quicker is seen too.
    done();
  };
  const approval = awaiting.reason === 'approval';
  return (
    <div class="answer">
      {approval && (
        <div class="buttons">
          <button type="button" class="solid" disabled={busy} onClick={() => void send({ approved: true })}>
            Approve
          </button>
          <button type="button" disabled={busy} onClick={() => void send({ approved: false })}>
            Decline
          </button>
        </div>
      )}
      <FreeAnswer second={approval} busy={busy} send={send} />
      {problem !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

interface FreeAnswerProps {
  /** Whether quicker ways to answer stand above. */
  readonly second: boolean;
  readonly busy: boolean;
  readonly send: (value: JsonValue) => Promise<void>;
}

function FreeAnswer({ second, busy, send }: FreeAnswerProps): JSX.Element {
  const [typed, setTyped] = useState('');
  const read = readAnswer(typed);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (read) void send(read.value);
  };
  return (
    <form onSubmit={submit}>
      <label>
        {second ? 'Or another answer' : 'Answer'}
        <textarea
          rows={second ? 2 : 3}
          value={typed}
          placeholder='Text, or JSON such as {"approved": true}'
          spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <div class="buttons">
        <button type="submit" class={second ? '' : 'solid'} disabled={busy || read === null}>
          {busy ? 'Sending…' : 'Send the answer'}
        </button>
        <span class="muted" role="status">
          {typed.trim() !== '' && hint(read)}
        </span>
      </div>
    </form>
  );
}

function hint(read: ReturnType<typeof readAnswer>): string {
  if (read === null) return 'This is not yet valid JSON.';
  return read.text ? 'Will be sent as text.' : 'Will be sent as JSON.';
}
