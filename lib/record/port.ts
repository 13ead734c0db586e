import type { Attachment, ChangeName, Port, RemoteEnd } from './attachment';
import { announce, follow, isHeard } from './emitter';
import type { RecordKey } from './fields';
import type { JsonObject } from './json';
import type { RunState } from './run-state';
import { hasMoreKeys, wireValue } from './write-record';

/** What a port needs that only the run can do. */
export interface PortHost {
  readonly run: object;
  readonly state: RunState;
  spend(delta: JsonObject, costUsd: number | null): void;
  endRemotely(end: RemoteEnd): void;
  /** How many steps have begun. */
  stepCount(): number;
  continueSteps(count: number): void;
}

/** What other parts of this package may do with a run. Made anew each time: a run keeps nothing for it. */
export class RunPort implements Port<never> {
  readonly #host: PortHost;

  constructor(host: PortHost) {
    this.#host = host;
  }

  attach(attachment: Attachment<never>): () => void {
    return follow(this.#host.run, attachment);
  }

  isHeard(name: ChangeName): boolean {
    return isHeard(this.#host.run, name);
  }

  announce(name: ChangeName, event: object): void {
    announce(this.#host.run, name, event);
  }

  recordUsage(delta: JsonObject, costUsd: number | null): void {
    this.#host.spend(delta, costUsd);
  }

  keep(...[key, write]: Parameters<Port<never>['keep']>): void {
    this.#host.state.keep(key, write);
  }

  kept(...[key]: Parameters<Port<never>['kept']>): ReturnType<Port<never>['kept']> {
    return this.#host.state.kept(key);
  }

  written(...[key]: Parameters<Port<never>['written']>): ReturnType<Port<never>['written']> {
    return this.#host.state.written(key);
  }

  endRemotely(end: RemoteEnd): void {
    this.#host.endRemotely(end);
  }

  get keepsMore(): boolean {
    return this.#host.state.keptKeys !== null;
  }

  get hasMoreKeys(): boolean {
    return hasMoreKeys(this.#host.state);
  }

  wire(key: RecordKey): unknown {
    return wireValue(this.#host.state, key);
  }

  get stepCount(): number {
    return this.#host.stepCount();
  }

  continueSteps(count: number): void {
    this.#host.continueSteps(count);
  }

  get startedAtText(): string {
    return this.#host.state.timeText('startedAt') as string;
  }

  get endedAtText(): string | null {
    return this.#host.state.timeText('endedAt');
  }
}
