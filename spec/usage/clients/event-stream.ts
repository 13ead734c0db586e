import { crc32 } from 'node:zlib';

/** Messages in the encoding of AWS's event streams. */
export function eventStreamOf(events: readonly (readonly [type: string, payload: object])[]): Buffer {
  return Buffer.concat(events.map(([type, payload]) => encoded(type, Buffer.from(JSON.stringify(payload)))));
}

function encoded(type: string, payload: Buffer): Buffer {
  const headers = Buffer.concat([
    header(':event-type', type),
    header(':content-type', 'application/json'),
    header(':message-type', 'event'),
  ]);
  const length = 12 + headers.length + payload.length + 4;
  const prelude = Buffer.concat([uint32(length), uint32(headers.length)]);
  const message = Buffer.concat([prelude, uint32(crc32(prelude)), headers, payload]);
  return Buffer.concat([message, uint32(crc32(message))]);
}

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([7]),
    length,
    Buffer.from(value),
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
