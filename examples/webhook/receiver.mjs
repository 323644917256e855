// Receives the webhooks of otpd: WEBHOOK_SECRET=whsec_... node receiver.mjs [PORT]
// The secret is one of `secrets` of its [[webhook]].

import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const bytesMax = 65_536;
const idsMax = 10_000;

/** Calls `onEvent` once for each event. If that fails, otpd sends the event again later. */
export function receiver(secret, onEvent) {
  const webhook = new Webhook(secret);
  const seen = new Map(); // id: its work. Several instances would keep this in their database

  async function answer(request) {
    const parts = [];
    let bytes = 0;
    for await (const part of request) {
      bytes += part.length;
      if (bytes > bytesMax) return 413;
      parts.push(part);
    }
    let event;
    try {
      // Over the bytes as they came. Refuses what is older than five minutes, too.
      event = webhook.verify(Buffer.concat(parts), request.headers);
    } catch {
      return 401;
    }
    const id = request.headers["webhook-id"];
    // One that comes again while its work goes on has the outcome of that work.
    const work = seen.get(id) ?? Promise.resolve(event).then(onEvent);
    seen.set(id, work);
    if (seen.size > idsMax) seen.delete(seen.keys().next().value);
    try {
      await work;
    } catch {
      if (seen.get(id) === work) seen.delete(id);
      return 500;
    }
    return 204;
  }

  return createServer((request, response) => {
    if (request.method !== "POST" || request.url !== "/webhook") return response.writeHead(404).end();
    answer(request)
      .catch(() => 500)
      .then((status) => response.writeHead(status).end());
  });
}

if (import.meta.filename === process.argv[1])
  receiver(process.env.WEBHOOK_SECRET, (event) => console.log(event.type, event.data)).listen(process.argv[2] ?? 8081, "127.0.0.1");
