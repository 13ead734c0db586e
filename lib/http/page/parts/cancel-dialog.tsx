import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { runUrl } from '../api/settings';
import { useAction } from '../hooks/use-action';
import type { RunRecord } from '../model/records';

interface CancelProps {
  readonly run: RunRecord;
  readonly done: () => void;
}

/** Cancels a run, once somebody has said twice that it is to be. */
export function CancelButton({ run, done }: CancelProps): JSX.Element {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class="danger" onClick={() => setAsking(true)}>
        Cancel run…
      </button>
      {asking && <CancelDialog run={run} done={done} close={() => setAsking(false)} />}
    </>
  );
}

function CancelDialog({ run, done, close }: CancelProps & { readonly close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  const { busy, problem, post } = useAction(runUrl(run.id, '/cancel'));
  useEffect(() => dialog.current?.showModal(), []);
  const cancel = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await post(reason.trim() === '' ? {} : { reason: reason.trim() }))) return;
    close();
    done();
  };
  return (
    <dialog ref={dialog} aria-labelledby="cancel-title" onClose={close}>
      <form onSubmit={(event) => void cancel(event)}>
        <h2 id="cancel-title">Cancel this run?</h2>
        <p>
          It ends wherever it is executed, and so do its sub-agents. What it has used and cost so far is kept.
          This cannot be undone.
        </p>
        <label>
          Reason (optional)
          <input value={reason} onInput={(event) => setReason(event.currentTarget.value)} maxLength={500} />
        </label>
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it running
          </button>
          <button type="submit" class="danger solid" disabled={busy}>
            {busy ? 'Cancelling…' : 'Cancel the run'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
