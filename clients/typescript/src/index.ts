// A thin layer over the types of the OpenAPI document (schema.ts, generated): retries that never
// cause a second SMS, typed errors, and waiting for what became of a message.

import createClient, { type Client } from "openapi-fetch";

import type { components, operations, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

type Schemas = components["schemas"];
export type SendRequest = Schemas["SendRequest"];
export type Sent = Schemas["Sent"];
export type VerifyRequest = Schemas["VerifyRequest"];
export type Verified = Schemas["Verified"];
export type Verification = Schemas["Verification"];
/** What otpd posts to a webhook, told apart by `type`. */
export type WebhookEvent =
  | Schemas["VerificationAcceptedEvent"]
  | Schemas["VerificationDeliveredEvent"]
  | Schemas["VerificationFailedEvent"]
  | Schemas["VerificationVerifiedEvent"]
  | Schemas["VerificationExhaustedEvent"]
  | Schemas["VerificationBlockedEvent"];

type Problems<Operation extends keyof operations> = {
  [Status in keyof operations[Operation]["responses"]]: operations[Operation]["responses"][Status] extends {
    content: { "application/problem+json": infer Problem };
  }
    ? Problem
    : never;
}[keyof operations[Operation]["responses"]];
export type SendProblem = Problems<"sendOtp">;
export type VerifyProblem = Problems<"verifyOtp">;

/** otpd refused. Decide by `code`, whose meaning never changes. */
export class OtpdError<Problem extends Schemas["Problem"] = Schemas["Problem"]> extends Error {
  override readonly name = "OtpdError";
  constructor(
    readonly problem: Problem,
    /** From `Retry-After`: an earlier request is refused again. */
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
  }
  get code(): NonNullable<Problem["code"]> {
    return this.problem.code as NonNullable<Problem["code"]>;
  }
  get status(): number {
    return this.problem.status;
  }
}
export class SendError extends OtpdError<SendProblem> {}
export class VerifyError extends OtpdError<VerifyProblem> {}

/** There was no answer of otpd, after all attempts. After a send, show the code field: the SMS may be on its way. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export interface OtpdOptions {
  /** Such as `https://otp.example.com`, without `/v1`. */
  url: string;
  token?: string;
  /** Attempts at a send or a question, in all. A refusal that would be repeated is never retried. */
  attempts?: number;
  /** The first pause between two attempts; it doubles, and up to half of it is added at random. */
  pauseMs?: number;
  /** For each attempt. */
  timeoutMs?: number;
  fetch?: (request: Request) => Promise<Response>;
}

/** Who is told to wait longer shows that to the user. */
const longestPauseSeconds = 30;
const pause = (ms: number) => new Promise((resume) => setTimeout(resume, ms));

export class Otpd {
  /** Every operation of the API, typed, without retries. */
  readonly api: Client<paths>;
  readonly #attempts: number;
  readonly #pauseMs: number;
  readonly #timeoutMs: number;

  constructor(options: OtpdOptions) {
    this.#attempts = options.attempts ?? 4;
    this.#pauseMs = options.pauseMs ?? 500;
    this.#timeoutMs = options.timeoutMs ?? 35_000;
    this.api = createClient<paths>({
      baseUrl: options.url.replace(/\/+$/, "") + "/v1",
      ...(options.token === undefined ? {} : { headers: { Authorization: `Bearer ${options.token}` } }),
      ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
    });
  }

  /**
   * Sends a code. All attempts have one `Idempotency-Key`, so there is at most one SMS. Give a key
   * of your own if you repeat the send after a restart.
   */
  async send(body: SendRequest, idempotencyKey: string = crypto.randomUUID()): Promise<Sent> {
    const answer = await this.#repeat((signal) =>
      this.api.POST("/send-otp", { body, params: { header: { "Idempotency-Key": idempotencyKey } }, signal }),
    );
    if (answer.data !== undefined) return answer.data;
    throw new SendError(answer.error as SendProblem, retryAfter(answer.response));
  }

  /**
   * Checks a code. A wrong one is a VerifyError with the code `invalid_code`. It is tried once: if
   * the answer is lost (NoAnswer), the guess may have been counted, and `verification` shows whether
   * it was right.
   */
  async verify(body: VerifyRequest): Promise<Verified> {
    const answer = await this.#repeat((signal) => this.api.POST("/verify-otp", { body, signal }), 1);
    if (answer.data !== undefined) return answer.data;
    throw new VerifyError(answer.error as VerifyProblem, retryAfter(answer.response));
  }

  /** Shows a verification now or, with `waitSeconds`, after its next change. */
  async verification(id: string, waitSeconds = 0): Promise<Verification> {
    const params = { path: { id }, query: { wait: waitSeconds } };
    const ask = (signal: AbortSignal) => this.api.GET("/verifications/{id}", { params, signal });
    const answer = await this.#repeat(ask, this.#attempts, this.#timeoutMs + waitSeconds * 1000);
    if (answer.data !== undefined) return answer.data;
    throw new OtpdError(answer.error as Schemas["Problem"], retryAfter(answer.response));
  }

  /** Waits until `done` says so or the time is up, and returns the last view. */
  async wait(id: string, done: (view: Verification) => boolean, withinSeconds = 60): Promise<Verification> {
    const end = Date.now() + withinSeconds * 1000;
    let view = await this.verification(id);
    for (let left = withinSeconds; !done(view) && left > 0; left = Math.ceil((end - Date.now()) / 1000))
      view = await this.verification(id, Math.min(left, 20));
    return view;
  }

  async #repeat<Answer extends { error?: unknown; response: Response }>(
    ask: (signal: AbortSignal) => Promise<Answer>,
    attempts = this.#attempts,
    timeoutMs = this.#timeoutMs,
  ): Promise<Answer> {
    for (let attempt = 1, ms = this.#pauseMs; ; ++attempt, ms *= 2) {
      let lost: unknown;
      let seconds: number | undefined;
      try {
        const answer = await ask(AbortSignal.timeout(timeoutMs));
        const { response } = answer;
        const isOtpds = response.ok || response.headers.get("Content-Type") === "application/problem+json";
        seconds = retryAfter(response);
        const isLast = attempt >= attempts || (seconds ?? 0) > longestPauseSeconds;
        if (isOtpds && (isLast || !isWorthRepeating(answer))) return answer;
        if (!isOtpds) lost = new Error(`status ${response.status}, not of otpd`);
      } catch (error) {
        lost = error;
      }
      if (attempt >= attempts) throw new NoAnswer("no answer of otpd", { cause: lost });
      await pause(Math.max(ms, Math.min(seconds ?? 0, longestPauseSeconds) * 1000) + (Math.random() * ms) / 2);
    }
  }
}

/** Nothing was sent, or the same send is in progress: the same request may succeed soon. */
function isWorthRepeating(answer: { error?: unknown; response: Response }): boolean {
  if (answer.response.status === 503) return true;
  return (answer.error as { code?: string } | undefined)?.code === "send_in_progress";
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) ? seconds : undefined;
}
