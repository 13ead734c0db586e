import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Status } from '../model/records';
import { STATUSES } from '../model/records';
import type { RunFilter } from '../model/route';
import { NO_FILTER, isUnfiltered } from '../model/route';
import { Icon } from './icon';
import { statusWord } from './status';

interface FiltersProps {
  readonly filter: RunFilter;
  readonly change: (filter: RunFilter) => void;
}

/** Which runs are listed. Each change is an address of its own. */
export function Filters({ filter, change }: FiltersProps): JSX.Element {
  const set = (part: Partial<RunFilter>): void => change({ ...filter, ...part });
  // Where there is room they stand open: the summary is not shown there.
  const [narrow] = useState(() => matchMedia('(max-width: 44rem)').matches);
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <StatusChips filter={filter} set={set} />
      <details class="more-filters" open={!narrow || fieldsUsed(filter)}>
        <summary>More filters</summary>
        <div class="fields">
          <Field name="Session" value={filter.sessionId} commit={(sessionId) => set({ sessionId })} />
          <Field name="Provider" value={filter.provider} commit={(provider) => set({ provider })} />
          <Field name="From" type="date" value={filter.from} commit={(from) => set({ from })} />
          <Field name="To" type="date" value={filter.to} commit={(to) => set({ to })} />
          <Metadata filter={filter} set={set} />
          {!isUnfiltered(filter) && (
            <button type="button" onClick={() => change(NO_FILTER)}>
              Clear filters
            </button>
          )}
        </div>
      </details>
    </form>
  );
}

interface PartProps {
  readonly filter: RunFilter;
  readonly set: (part: Partial<RunFilter>) => void;
}

function StatusChips({ filter, set }: PartProps): JSX.Element {
  const toggleAwaiting = (what: RunFilter['awaiting']): void => {
    set({ awaiting: filter.awaiting === what ? '' : what });
  };
  return (
    <fieldset class="chips">
      <legend class="hidden">Status</legend>
      {STATUSES.map((status) => (
        <Chip
          key={status}
          pressed={filter.status.includes(status)}
          toggle={() => set({ status: toggled(filter.status, status) })}
        >
          {statusWord(status)}
        </Chip>
      ))}
      <Chip pressed={filter.awaiting === 'answer'} toggle={() => toggleAwaiting('answer')}>
        Waits for a person
      </Chip>
      <Chip pressed={filter.awaiting === 'resume'} toggle={() => toggleAwaiting('resume')}>
        To be resumed
      </Chip>
      <Chip pressed={filter.rootsOnly} toggle={() => set({ rootsOnly: !filter.rootsOnly })}>
        Without sub-agents
      </Chip>
    </fieldset>
  );
}

function fieldsUsed({ sessionId, provider, from, to, metadata }: RunFilter): boolean {
  return [sessionId, provider, from, to].some((text) => text !== '') || metadata.length > 0;
}

function toggled(statuses: readonly Status[], status: Status): Status[] {
  return STATUSES.filter((known) => statuses.includes(known) !== (known === status));
}

interface ChipProps {
  readonly pressed: boolean;
  readonly toggle: () => void;
  readonly children: string;
}

function Chip({ pressed, toggle, children }: ChipProps): JSX.Element {
  return (
    <button type="button" class="chip" aria-pressed={pressed} onClick={toggle}>
      {children}
    </button>
  );
}

interface FieldProps {
  readonly name: string;
  readonly value: string;
  readonly type?: 'text' | 'date';
  readonly placeholder?: string;
  readonly commit: (value: string) => void;
}

/** Takes effect when it is left or Enter is pressed, not with every letter. */
function Field({ name, value, type = 'text', placeholder = '', commit }: FieldProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  // Set while rendering, not after it, so that what is typed in between stays.
  useLayoutEffect(() => {
    if (input.current) input.current.value = value;
  }, [value]);
  const shared = {
    ref: input,
    defaultValue: value,
    placeholder,
    autocomplete: 'off',
    spellcheck: false,
    onChange: () => commit(input.current?.value.trim() ?? ''),
  } as const;
  return (
    <label>
      {name}
      {type === 'date' ? <input type="date" {...shared} /> : <input type="text" {...shared} />}
    </label>
  );
}

function Metadata({ filter, set }: PartProps): JSX.Element {
  const add = (typed: string): void => {
    const at = typed.indexOf('=');
    if (at < 1) return;
    const pair = { name: typed.slice(0, at).trim(), value: typed.slice(at + 1).trim() };
    set({ metadata: [...filter.metadata.filter(({ name }) => name !== pair.name), pair] });
  };
  return (
    <>
      <Field key={filter.metadata.length} name="Metadata" value="" placeholder="name=value" commit={add} />
      {filter.metadata.map(({ name, value }) => (
        <button
          key={name}
          type="button"
          class="chip"
          aria-label={`Remove the filter ${name}=${value}`}
          onClick={() => set({ metadata: filter.metadata.filter((pair) => pair.name !== name) })}
        >
          {name}={value} <Icon name="close" />
        </button>
      ))}
    </>
  );
}
