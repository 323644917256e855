// Requests to the admin listener, with the operator's token.

const key = "otpd.operator";

export const token = {
  get: () => sessionStorage.getItem(key),
  set: (text) => sessionStorage.setItem(key, text),
  clear: () => sessionStorage.removeItem(key),
};

// `status` is 0 if there was no answer.
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// Of a request with faults, the faults; else what the problem says.
function reasonOf(status, problem) {
  const faults = problem?.errors?.map((one) => one.msg.replace("Value error, ", ""));
  return faults?.join(" ") || problem?.detail || `Status ${status}`;
}

async function call(path, options = {}) {
  let reply;
  try {
    reply = await fetch(new URL(path, document.baseURI), {
      ...options,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(15000),
      headers: { ...options.headers, Authorization: `Bearer ${token.get()}` },
    });
  } catch {
    throw new Refused(0, "The service does not answer.");
  }
  const body = await reply.json().catch(() => null);
  if (!reply.ok) throw new Refused(reply.status, reasonOf(reply.status, body));
  if (body === null) throw new Refused(0, "The answer broke off.");
  return body;
}

export const get = (path) => call(path);
export const post = (path, body) =>
  call(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
