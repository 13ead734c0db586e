export type { FrameworkOptions, KeptOptions } from '../options';
export type { RecordRunnerOptions } from './record-runner';
export { recordRunner } from './record-runner';
