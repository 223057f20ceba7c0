/**
 * A process of clients that follow and throw away what they are sent: bare sockets, so that thousands cost little
 * beside the service that is measured. Told over IPC how many there should be; answers when they are.
 */
import { connect, type Socket } from 'node:net';

export interface FollowersCommand {
  port: number;
  /** One path for each follower. */
  paths: string[];
}

export interface FollowersReport {
  open: number;
}

/** How many connect at the same time: the backlog of a listening socket is bounded. */
const CONNECTING_MAX = 64;

function follow(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${path} was closed`)));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`);
    let text = '';
    const onHead = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      // The first event says where the stream starts: from here on it follows.
      if (!text.includes('event: position')) return;
      socket.off('data', onHead).on('data', () => {});
      resolve(socket);
    };
    socket.on('data', onHead);
  });
}

const sockets: Socket[] = [];

async function open({ port, paths }: FollowersCommand): Promise<void> {
  const queue = [...paths];
  const worker = async (): Promise<void> => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      sockets.push(await follow(port, path));
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_MAX }, worker));
}

process.on('message', (command: FollowersCommand) => {
  void open(command).then(
    () => process.send?.({ open: sockets.length } satisfies FollowersReport),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
});
// Whoever started it ends it by letting go.
process.on('disconnect', () => process.exit(0));
