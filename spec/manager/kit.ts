import type { RunManager } from 'agent-run/manager';

/** What a manager says, in order: what happened, and the run's id. */
export function toldBy(runs: RunManager): string[] {
  const told: string[] = [];
  runs.on('runCreated', ({ run }) => told.push(`created ${run.id}`));
  runs.on('statusChanged', ({ run, to }) => told.push(`${to} ${run.id}`));
  runs.on('turnIncremented', ({ run, turnCount }) => told.push(`turn ${turnCount} ${run.id}`));
  runs.on('childCreated', ({ run, child }) => told.push(`child ${child.id} of ${run.id}`));
  runs.on('stepStarted', ({ run, step }) => told.push(`step ${step.name} ${run.id}`));
  runs.on('noted', ({ run, name }) => told.push(`note ${name} ${run.id}`));
  return told;
}

/** An error of the code. */
export function refusal(code: string): Error {
  return expect.objectContaining({ code }) as Error;
}
