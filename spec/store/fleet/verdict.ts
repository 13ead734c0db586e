/** What must hold once a fleet has come to rest. */
import type { StoredEntry } from '../../../lib/store/backend';
import type { StoredRun } from '../../../lib/store/columns';
import { isRunStatus, isTerminalStatus } from '../../../lib/record/status';
import type { Ledger } from './ledger';
import { tokensOf } from './ledger';

interface Rest {
  readonly rows: readonly StoredRun[];
  readonly entries: readonly StoredEntry[];
  readonly ledger: Ledger;
}

/** Everything that is wrong, in words. */
export function verdictOn({ rows, entries, ledger }: Rest): string[] {
  const faults = [...ledger.faults];
  const byRun = new Map<string, StoredEntry[]>();
  for (const entry of entries) byRun.set(entry.run_id, [...(byRun.get(entry.run_id) ?? []), entry]);
  for (const row of rows) {
    faults.push(...faultsOfRow(row, byRun.get(row.id) ?? [], ledger), ...faultsBeside(row, ledger));
  }
  for (const [id, { end, turns }] of ledger.acknowledged) {
    if (rows.some((row) => row.id === id) || ledger.deleted.has(id)) continue;
    if (end !== null || turns > 0) faults.push(`${id} was acknowledged and is not there`);
  }
  faults.push(...faultsOfReaders(entries, ledger));
  return faults;
}

function faultsOfRow(row: StoredRun, entries: readonly StoredEntry[], ledger: Ledger): string[] {
  const faults: string[] = [];
  const fault = (what: string): void => void faults.push(`${row.id}: ${what}`);
  entries.forEach(({ seq }, index) => {
    if (seq !== index + 1) fault(`entry ${index + 1} has seq ${seq}`);
  });
  if (entries[0]?.type !== 'created') fault('its journal does not begin with created');
  if (row.seq !== entries.length) fault(`its row says seq ${row.seq}, its journal has ${entries.length}`);
  const isWhole = !ledger.recordedAgain.has(row.id);
  const turns = entries.filter(({ type }) => type === 'turnIncremented').length;
  if (isWhole && turns !== row.turn_count) {
    fault(`${row.turn_count} turns in the row, ${turns} in the journal`);
  }
  const tokens = entries
    .filter(({ type }) => type === 'usageUpdated')
    .reduce((sum, { data }) => sum + inputTokensOf(data), 0);
  if (isWhole && tokens !== countIn(row.token_usage)) {
    fault(`${row.token_usage} in the row, ${tokens} in the journal`);
  }
  const ends = entries
    .filter(({ type }) => type === 'statusChanged')
    .map(({ data }) => (JSON.parse(data) as { to: string }).to)
    .filter((to) => isRunStatus(to) && isTerminalStatus(to));
  if (isRunStatus(row.status) && isTerminalStatus(row.status)) {
    if (ends.length !== 1 || ends[0] !== row.status) {
      fault(`it is ${row.status}, its journal ends [${ends.join()}]`);
    }
  } else if (ends.length > 0) fault(`it is ${row.status}, its journal ends [${ends.join()}]`);
  if (row.status === 'running' && row.awaits === null) fault('it still runs');
  return faults;
}

/** The row against what was acknowledged, and against the `Run` of a machine that lives. */
function faultsBeside(row: StoredRun, ledger: Ledger): string[] {
  const faults: string[] = [];
  const told = ledger.acknowledged.get(row.id);
  const tokens = countIn(row.token_usage);
  if (told !== undefined && row.turn_count < told.turns) {
    faults.push(`${row.id}: ${told.turns} turns were acknowledged, ${row.turn_count} are stored`);
  }
  if (told !== undefined && tokens < told.tokens) {
    faults.push(`${row.id}: ${told.tokens} tokens were acknowledged, ${tokens} are stored`);
  }
  if (told?.end !== undefined && told.end !== null && told.end !== row.status) {
    faults.push(`${row.id}: acknowledged as ${told.end}, stored as ${row.status}`);
  }
  const executed = ledger.executed.get(row.id);
  if (executed?.machine.isAlive === true && !ledger.refused.has(row.id)) {
    const { run } = executed;
    if (run.status !== row.status && run.awaiting === null) {
      faults.push(`${row.id}: ${run.status} in its process, ${row.status} in its row`);
    }
    if (run.turnCount === row.turn_count && tokensOf(run) !== tokens) {
      faults.push(`${row.id}: ${tokensOf(run)} tokens in its process, ${tokens} in its row`);
    }
  }
  return faults;
}

/** Every reader has seen every entry once, in order. */
function faultsOfReaders(entries: readonly StoredEntry[], { seen }: Ledger): string[] {
  const faults: string[] = [];
  for (const [machine, positions] of seen) {
    const isAscending = positions.every((position, index) => index === 0 || position > positions[index - 1]!);
    if (!isAscending) faults.push(`a reader on ${machine.name} saw a position twice, or one behind it`);
    if (!machine.isAlive) continue;
    const known = new Set(positions);
    const missed = entries.filter(({ position }) => !known.has(position));
    if (missed.length > 0) faults.push(`a reader on ${machine.name} missed ${missed.length} entries`);
  }
  return faults;
}

function inputTokensOf(data: string): number {
  return countIn(JSON.stringify((JSON.parse(data) as { delta: object }).delta));
}

function countIn(usage: string): number {
  return (JSON.parse(usage) as { input_tokens?: number }).input_tokens ?? 0;
}
