/** Whether the client wants an event stream: a browser's `EventSource` says that it accepts nothing else. */
export function acceptsEventStream({ headers }: Request): boolean {
  const accepted = (headers.get('accept') ?? '').split(',').map(readRange);
  const streamed = qualityOf('text/event-stream', accepted);
  return streamed > 0 && streamed >= qualityOf('application/json', accepted);
}

/** Whether the client takes a body that is compressed with gzip. */
export function acceptsGzip({ headers }: Request): boolean {
  return qualityOf('gzip', (headers.get('accept-encoding') ?? '').split(',').map(readRange)) > 0;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function readRange(range: string): MediaRange {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
}

function qualityOf(type: string, accepted: readonly MediaRange[]): number {
  return accepted.find((range) => range.type === type)?.quality ?? 0;
}
