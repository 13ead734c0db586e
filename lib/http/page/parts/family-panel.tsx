import type { JSX } from 'preact';
import { formatDollars, formatTokens, plural } from '../model/format';
import type { RunRecord } from '../model/records';
import { shownStatus, tokensOf } from '../model/records';
import { agentName, childName } from '../model/rows';
import { runHash } from '../model/route';
import { costOf, descendants } from '../model/tree';
import { Panel } from './panel';
import { StatusBadge } from './status';
import { RunDuration } from './time';

interface FamilyProps {
  readonly run: RunRecord;
  readonly family: readonly RunRecord[];
  /** Whether there are more than are shown. */
  readonly more: boolean;
}

/** The tree of an agent and its sub-agents, wherever in it the run stands. */
export function FamilyPanel({ run, family, more }: FamilyProps): JSX.Element | null {
  const rootId = run.root_run_id ?? run.id;
  const root = family.find(({ id }) => id === rootId);
  const nodes = descendants(rootId, family);
  if (nodes.length === 0) return null;
  const members = root ? [root, ...nodes.map((node) => node.run)] : nodes.map((node) => node.run);
  return (
    <Panel
      title="Sub-agents"
      aside={
        <span class="muted">
          {more ? 'the first ' : ''}
          {plural(nodes.length, 'run')} · {formatDollars(costOf(members))} with the root
        </span>
      }
    >
      <ul class="tree">
        {root && <Member run={root} depth={0} current={root.id === run.id} name={rootName(root)} />}
        {nodes.map(({ run: member, depth }) => (
          <Member
            key={member.id}
            run={member}
            depth={depth + 1}
            current={member.id === run.id}
            name={childName(member)}
          />
        ))}
      </ul>
    </Panel>
  );
}

function rootName(root: RunRecord): string {
  return agentName(root) ?? 'Root';
}

interface MemberProps {
  readonly run: RunRecord;
  readonly depth: number;
  readonly current: boolean;
  readonly name: string;
}

function Member({ run, depth, current, name }: MemberProps): JSX.Element {
  return (
    <li style={{ paddingInlineStart: `${Math.min(depth, 10) * 1.1}rem` }}>
      <span class="tree-name">
        {depth > 0 && <span class="hidden">Level {depth}: </span>}
        {current ? <strong aria-current="page">{name}</strong> : <a href={runHash(run.id)}>{name}</a>}
      </span>
      <StatusBadge status={shownStatus(run)} />
      <span class="muted tree-figures">
        <RunDuration run={run} /> · {formatTokens(tokensOf(run.token_usage))} · {formatDollars(run.cost_usd)}
      </span>
    </li>
  );
}
