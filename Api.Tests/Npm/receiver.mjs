// Receives webhooks and verifies them with the standard's own library: node receiver.mjs NOW SECRET...
// NOW is the time in milliseconds since 1970 that it goes by. Its output is a JSON object a line: first where it listens,
// then each request. A line of input tells it otherwise: {"now": …}, or how to answer from then on
// {"answer": {"status", "headers", "delay", "cut"}}, null to answer by what is verified. It says when it has been told.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Webhook } from 'standardwebhooks';

const [start, ...secrets] = process.argv.slice(2);
let now = Number(start), answer = null;
Date.now = () => now;

const say = what => process.stdout.write(JSON.stringify(what) + '\n');

function verify(body, headers) {
  const verifiedWith = [];
  let error = null;
  secrets.forEach((secret, index) => {
    try {
      new Webhook(secret).verify(body, headers);
      verifiedWith.push(index);
    } catch (fault) {
      error ??= fault.message;
    }
  });
  return verifiedWith.length ? { verifiedWith, error: null } : { verifiedWith, error };
}

const server = createServer(async (request, response) => {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return; // The sender went away.
  }
  const body = Buffer.concat(chunks).toString();
  const verification = verify(body, request.headers);
  const { status, headers = {}, delay = 0, cut = false } = answer ?? { status: verification.error === null ? 204 : 400 };
  say({ request: { method: request.method, path: request.url, headers: request.headers, body, ...verification } });
  if (cut) return request.socket.destroy();
  setTimeout(() => response.writeHead(status, headers).end(), delay);
});
server.listen(0, '127.0.0.1', () => say({ url: `http://127.0.0.1:${server.address().port}/` }));

createInterface({ input: process.stdin }).on('line', line => {
  const told = JSON.parse(line);
  if ('now' in told) now = told.now;
  if ('answer' in told) answer = told.answer;
  say({ told });
}).on('close', () => process.exit());
