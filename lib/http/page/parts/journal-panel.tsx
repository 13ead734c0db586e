import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { entryText } from '../model/entry-text';
import { formatClock, formatCount, formatUtc, plural } from '../model/format';
import type { Entry } from '../model/records';
import { JsonTree } from './json-tree';
import { Empty } from './states';

const CHUNK = 100;

/** The journal, newest last; an entry's data on request. */
export function JournalList({ entries }: { readonly entries: readonly Entry[] }): JSX.Element {
  const [type, setType] = useState('');
  const [shown, setShown] = useState(CHUNK);
  const types = [...new Set(entries.map((entry) => entry.type))].sort();
  const chosen = type === '' ? entries : entries.filter((entry) => entry.type === type);
  if (entries.length === 0) {
    return <Empty>No journal is kept of this run: it was only saved, or its journal has been pruned.</Empty>;
  }
  const hidden = Math.max(0, chosen.length - shown);
  return (
    <>
      <div class="journal-tools">
        <label>
          Show
          <select value={type} onChange={(event) => setType(event.currentTarget.value)}>
            <option value="">all {plural(entries.length, 'entry', 'entries')}</option>
            {types.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {hidden > 0 && (
          <button type="button" onClick={() => setShown(shown + 5 * CHUNK)}>
            Show earlier ones ({formatCount(hidden)})
          </button>
        )}
      </div>
      <ol class="journal">
        {chosen.slice(hidden).map((entry) => (
          <EntryLine key={entry.seq} entry={entry} />
        ))}
      </ol>
    </>
  );
}

function EntryLine({ entry }: { readonly entry: Entry }): JSX.Element {
  const [open, setOpen] = useState(false);
  const at = Date.parse(entry.at);
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="muted journal-seq">{entry.seq}</span>
        <time class="muted" dateTime={entry.at} title={formatUtc(at)}>
          {formatClock(at)}
        </time>
        <span class="journal-type">{entry.type}</span>
        <span class="journal-text">{entryText(entry)}</span>
      </button>
      {open && <JsonTree value={entry.data} />}
    </li>
  );
}
