import type { RunRecord } from './records';

export interface RunNode {
  readonly run: RunRecord;
  readonly depth: number;
}

/** The runs below a run, each after its parent, oldest first; the run itself is not among them. */
export function descendants(rootId: string, runs: readonly RunRecord[]): RunNode[] {
  const childrenOf = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const parent = run.parent_run_id;
    if (!parent) continue;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), run]);
  }
  const nodes: RunNode[] = [];
  const seen = new Set([rootId]);
  const visit = (id: string, depth: number): void => {
    for (const run of (childrenOf.get(id) ?? []).sort(byStart)) {
      if (seen.has(run.id)) continue;
      seen.add(run.id);
      nodes.push({ run, depth });
      visit(run.id, depth + 1);
    }
  };
  visit(rootId, 0);
  return nodes;
}

function byStart(one: RunRecord, other: RunRecord): number {
  return Date.parse(one.started_at) - Date.parse(other.started_at) || (one.id < other.id ? -1 : 1);
}

/** Dollars of several runs; null where none of them is known. */
export function costOf(runs: readonly RunRecord[]): number | null {
  const known = runs.map((run) => run.cost_usd).filter((cost) => cost !== null);
  return known.length === 0 ? null : known.reduce((sum, cost) => sum + cost, 0);
}
