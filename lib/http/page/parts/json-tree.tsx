import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { cutText, formatCount, plural } from '../model/format';
import type { JsonValue } from '../model/records';

/** So many members are shown at once; more on request. */
const CHUNK = 100;
const LONG_TEXT = 400;
/** A value with at most so many members is open where it is near the top. */
const SMALL = 12;

interface NodeProps {
  readonly name: string | null;
  readonly value: JsonValue;
  readonly depth: number;
}

/** A JSON value that folds. What it holds is text, whatever it looks like. */
export function JsonTree({ value }: { readonly value: JsonValue }): JSX.Element {
  const entries = membersOf(value);
  const isBranch = entries !== null && entries.length > 0;
  return (
    <div class="json">
      {isBranch ? <Members entries={entries} depth={0} /> : <JsonNode name={null} value={value} depth={0} />}
    </div>
  );
}

function membersOf(value: JsonValue): Member[] | null {
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return value.map((item: JsonValue, index) => [String(index), item] as const);
  return Object.entries(value).map(([key, item]) => [key, item ?? null] as const);
}

function JsonNode({ name, value, depth }: NodeProps): JSX.Element {
  if (typeof value === 'object' && value !== null) {
    const brackets = Array.isArray(value) ? '[]' : '{}';
    return <Branch name={name} entries={membersOf(value) ?? []} brackets={brackets} depth={depth} />;
  }
  return (
    <div class="json-leaf">
      <Name name={name} />
      <Scalar value={value} />
    </div>
  );
}

function Name({ name }: { readonly name: string | null }): JSX.Element | null {
  return name === null ? null : <span class="json-name">{name === '' ? '""' : name}: </span>;
}

type Member = readonly [string, JsonValue];

interface BranchProps {
  readonly name: string | null;
  readonly entries: readonly Member[];
  readonly brackets: string;
  readonly depth: number;
}

function Branch({ name, entries, brackets, depth }: BranchProps): JSX.Element {
  const [open, setOpen] = useState(depth < 3 && entries.length <= SMALL);
  if (entries.length === 0) {
    return (
      <div class="json-leaf">
        <Name name={name} />
        <span class="json-empty">{brackets}</span>
      </div>
    );
  }
  return (
    <div class="json-branch">
      <button type="button" class="json-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Name name={name} />
        <span class="json-count">{countOf(entries.length, brackets)}</span>
        {!open && <span class="json-peek">{peek(entries, brackets)}</span>}
      </button>
      {open && (
        <div class="json-members">
          <Members entries={entries} depth={depth + 1} />
        </div>
      )}
    </div>
  );
}

function Members({
  entries,
  depth,
}: {
  readonly entries: readonly Member[];
  readonly depth: number;
}): JSX.Element {
  const [shown, setShown] = useState(CHUNK);
  return (
    <>
      {entries.slice(0, shown).map(([key, value]) => (
        <JsonNode key={key} name={key} value={value} depth={depth} />
      ))}
      {shown < entries.length && (
        <More onClick={() => setShown(shown + CHUNK)}>
          Show more of {formatCount(entries.length - shown)} others
        </More>
      )}
    </>
  );
}

function countOf(count: number, brackets: string): string {
  return brackets === '[]' ? plural(count, 'item') : plural(count, 'key');
}

/** A folded value's beginning. */
function peek(entries: readonly Member[], brackets: string): string {
  const words = entries.slice(0, 4).map(([key, value]) => {
    const text = typeof value === 'object' && value !== null ? '…' : JSON.stringify(value).slice(0, 200);
    return brackets === '[]' ? text : `${key}: ${text}`;
  });
  return cutText(words.join(', '), 80);
}

function Scalar({ value }: { readonly value: string | number | boolean | null }): JSX.Element {
  const [whole, setWhole] = useState(false);
  if (typeof value !== 'string') {
    return <span class={`json-${value === null ? 'null' : typeof value}`}>{String(value)}</span>;
  }
  const cut = value.length > LONG_TEXT && !whole;
  return (
    <>
      <span class="json-string">{cut ? `${value.slice(0, LONG_TEXT)}…` : value}</span>
      {value === '' && <span class="json-empty">empty text</span>}
      {value.length > LONG_TEXT && (
        <More onClick={() => setWhole(!whole)}>
          {cut ? `Show all ${formatCount(value.length)} characters` : 'Show less'}
        </More>
      )}
    </>
  );
}

function More({
  onClick,
  children,
}: {
  readonly onClick: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <button type="button" class="more" onClick={onClick}>
      {children}
    </button>
  );
}
