import type { JSX } from 'preact';
import { formatCount, formatDollars, formatShare, formatTokens } from '../model/format';
import type { JsonObject, RunRecord } from '../model/records';
import { numberAt, tokensOf } from '../model/records';
import { Panel } from './panel';
import { Empty } from './states';

const COUNTERS = [
  ['input_tokens', 'Input'],
  ['cache_read_tokens', 'Read from cache'],
  ['cache_write_tokens', 'Written to cache'],
  ['output_tokens', 'Output'],
  ['reasoning_tokens', 'Reasoning'],
] as const;

/** What a run used and cost, and through which models. */
export function UsagePanel({ run }: { readonly run: RunRecord }): JSX.Element {
  const total = tokensOf(run.token_usage);
  const models = Object.entries(run.usage_by_model ?? {});
  return (
    <Panel title="Usage and cost">
      {total === null && run.cost_usd === null ? (
        <Empty>Nothing was reported.</Empty>
      ) : (
        <>
          <div class="figures">
            <Figure name="Cost" value={formatDollars(run.cost_usd)} title={exact(run.cost_usd)} />
            <Figure
              name="Tokens"
              value={formatTokens(total)}
              title={total === null ? '' : formatCount(total)}
            />
          </div>
          <Counters usage={run.token_usage} />
          {models.length > 0 && <Models models={models} />}
          <Unpriced usage={run.token_usage} />
        </>
      )}
      <Limits run={run} />
    </Panel>
  );
}

function Figure(props: {
  readonly name: string;
  readonly value: string;
  readonly title: string;
}): JSX.Element {
  return (
    <p class="figure">
      <span class="figure-value" title={props.title}>
        {props.value}
      </span>
      <span class="figure-name">{props.name}</span>
    </p>
  );
}

function exact(usd: number | null): string {
  return usd === null ? 'No price is known' : `$${usd}`;
}

function Counters({ usage }: { readonly usage: JsonObject | null }): JSX.Element {
  return (
    <dl class="facts">
      {COUNTERS.map(([key, name]) => {
        const count = numberAt(usage, key);
        return count === null ? null : (
          <div key={key}>
            <dt>{name}</dt>
            <dd title={formatCount(count)}>{formatTokens(count)}</dd>
          </div>
        );
      })}
    </dl>
  );
}

function Models({ models }: { readonly models: readonly (readonly [string, JsonObject])[] }): JSX.Element {
  return (
    <table class="small">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col" class="number">
            Tokens
          </th>
          <th scope="col" class="number">
            Cost
          </th>
        </tr>
      </thead>
      <tbody>
        {models.map(([model, usage]) => (
          <tr key={model}>
            <td class="break">{model}</td>
            <td class="number">{formatTokens(tokensOf(usage))}</td>
            <td class="number">{formatDollars(numberAt(usage, 'cost_usd'))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Unpriced({ usage }: { readonly usage: JsonObject | null }): JSX.Element | null {
  const count = numberAt(usage, 'unpriced_requests') ?? 0;
  if (count === 0) return null;
  return (
    <p class="tone-timeout">
      {formatCount(count)} {count === 1 ? 'request has' : 'requests have'} no price: the cost lacks{' '}
      {count === 1 ? 'it' : 'them'}.
    </p>
  );
}

/** How much of each limit is used. */
function Limits({ run }: { readonly run: RunRecord }): JSX.Element | null {
  const limits = [
    ['Turns', run.turn_count, numberAt(run.limits, 'max_turns'), formatCount],
    ['Tokens', tokensOf(run.token_usage) ?? 0, numberAt(run.limits, 'max_total_tokens'), formatTokens],
    ['Cost', run.cost_usd ?? 0, numberAt(run.limits, 'max_cost_usd'), formatDollars],
  ] as const;
  const set = limits.filter(([, , allowed]) => allowed !== null);
  if (set.length === 0) return null;
  return (
    <>
      <h3>Limits</h3>
      <ul class="limits">
        {set.map(([name, used, allowed, format]) => (
          <li key={name}>
            <span>{name}</span>
            <meter
              min={0}
              max={allowed ?? 1}
              value={used}
              high={0.8 * (allowed ?? 1)}
              aria-label={`${name}: ${format(used)} of ${format(allowed ?? 0)}`}
            />
            <span class="muted">
              {format(used)} of {format(allowed ?? 0)} ({formatShare(used / Math.max(allowed ?? 0, 1e-12))})
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
