/** A message of an event stream, or a comment. */
export interface Message {
  readonly id: string | undefined;
  /** Its name; undefined for an unnamed one. */
  readonly event: string | undefined;
  /** What its data says; undefined for a comment. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** The messages of a stream as they come, comments too. */
export async function* allMessagesOf({ body }: Response): AsyncGenerator<Message> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) yield readMessage(block);
  }
  if (text !== '') throw new Error(`the stream ended within a message: ${text}`);
}

/** The messages of a stream without its comments. */
export async function* messagesOf(response: Response): AsyncGenerator<Message> {
  for await (const message of allMessagesOf(response)) if (message.data !== undefined) yield message;
}

/** All messages up to the end of the stream. */
export async function collect(response: Response): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of messagesOf(response)) messages.push(message);
  return messages;
}

function readMessage(block: string): Message {
  const fields = block.split('\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
  });
  const field = (name: string): string | undefined => fields.find(([each]) => each === name)?.[1];
  const data = field('data');
  return {
    id: field('id'),
    event: field('event'),
    data: data === undefined ? undefined : (JSON.parse(data) as Message['data']),
  };
}
