// bridgexapi-stub and otpd on free ports, and requests to them.
import { spawn } from "node:child_process";

const children = [];

async function start(program, args, listeners, options) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], ...options });
  children.push(child);
  const addresses = {};
  let text = "";
  await new Promise((resolve, reject) => {
    child.on("exit", (status) => reject(new Error(`${program} ended with ${status}`)));
    child.stdout.on("data", (bytes) => { // read to the end, so that it never waits for us
      text += bytes;
      const lines = text.split("\n");
      text = lines.pop();
      for (const line of lines) {
        if (!line.includes('"event":"listening"')) continue;
        const { listener, address } = JSON.parse(line);
        addresses[listener] = address;
        if (Object.keys(addresses).length === listeners) resolve();
      }
    });
  });
  return { child, addresses };
}

const key = "key-of-the-console-test";
const config = `
[[route_plan]]
name = "login"
purposes = ["login"]
steps = [{route = 3}, {route = 1}]
`;

export async function startPrograms(directory, token, writeFile) {
  writeFile(`${directory}/config.toml`, config);
  const stub = await start("build/release/bridgexapi-stub", ["--listen", "127.0.0.1:0", "--api-key", key,
    "--tls-cert", `${directory}/server.pem`, "--tls-key", `${directory}/server.key`], 1, {});
  const upstream = `https://${stub.addresses.stub}`;
  const settings = {
    OTPD_SERVER_LISTEN: "127.0.0.1:0", OTPD_ADMIN_LISTEN: "127.0.0.1:0", OTPD_ADMIN_TOKEN: token,
    BRIDGEXAPI_BASE_URL: upstream, BRIDGEXAPI_API_KEY: key, OTPD_BRIDGEXAPI_CA_FILE: `${directory}/ca.pem`,
    DEBUG_OTP: "true", OTP_UNIFORM_FAILURES_MS: "0", OTPD_ROUTES_SCORE_REFRESH_SECONDS: "1",
    OTPD_DELIVERY_INTERVAL_MS: "1000", OTPD_MONEY_BALANCE_INTERVAL_SECONDS: "2", OTPD_MONEY_DAILY_CAP: "60",
    OTPD_LIMITS_CLIENT_1M: "0", OTPD_LIMITS_GLOBAL_1M: "0", OTPD_LIMITS_PREFIX_1H: "100000", OTPD_LIMITS_COUNTRY_1H: "0",
    OTPD_LIMITS_GLOBAL_24H: "0", OTPD_PUMPING_PREFIX_OUT_MAX: "10",
  };
  const env = { PATH: process.env.PATH, ...settings };
  const otpd = await start("build/release/otpd", ["--config", `${directory}/config.toml`], 2, { env });
  return { stub, otpd, upstream, api: `http://${otpd.addresses.api}`, admin: `http://${otpd.addresses.admin}` };
}

export function stopPrograms() {
  for (const child of children) child.removeAllListeners("exit").kill("SIGTERM");
}

export async function ask(url, { token, body, method = body ? "POST" : "GET" } = {}) {
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { "Content-Type": "application/json" }) };
  const reply = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text };
}
