// Asks a server one four-letter word over a connection of its own.
import { connect } from 'node:net';

/** A reply is a page of text; `cons` and `dump` of a busy server are the longest. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The whole reply, which ends where the server closes.
 *
 * @throws the socket's error, or one that says the time or the size is over
 */
export function askWord(
  host: string,
  port: number,
  word: string,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const socket = connect({ host, port });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer to ${word} in ${timeoutMs} ms`));
    }, timeoutMs);
    // The server may close before it reads all that was sent; then the reply is what came.
    socket.on('connect', () => socket.write(word));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_BYTES) socket.destroy(new Error(`the answer to ${word} does not end`));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString());
    });
  });
}
