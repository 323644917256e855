// Headless Chromium over the pipe of its DevTools protocol: JSON messages that end with a zero byte.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

export async function startBrowser(profile) {
  const child = spawn("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const [to, from] = [child.stdio[3], child.stdio[4]];
  const waiting = new Map();
  const listeners = [];
  let last = 0;
  let text = "";
  from.on("data", (bytes) => {
    text += bytes;
    for (let end = text.indexOf("\0"); end >= 0; end = text.indexOf("\0")) {
      const message = JSON.parse(text.slice(0, end));
      text = text.slice(end + 1);
      const { resolve, reject } = waiting.get(message.id) ?? {};
      waiting.delete(message.id);
      if (!message.id) listeners.forEach((listener) => listener(message.method, message.params));
      else if (message.error) reject?.(new Error(message.error.message));
      else resolve?.(message.result);
    }
  });
  const send = (method, params = {}, sessionId = undefined) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  return new Page(child, (method, params) => send(method, params, sessionId), (listener) => listeners.push(listener));
}

class Page {
  requests = []; // URLs
  complaints = []; // errors of scripts, of the policy and of the network

  constructor(child, send, listen) {
    this.child = child;
    this.send = send;
    this.listen = listen;
    listen((method, params) => {
      if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
      if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
      if (method === "Log.entryAdded" && params.entry.level === "error") this.complaints.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    });
  }

  async begin() {
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await this.send(`${domain}.enable`);
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  // Waits until an expression is true in the page.
  async until(expression, seconds = 15) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
      if (await this.evaluate(`!!(${expression})`).catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`the page never had: ${expression}\n${await this.evaluate("document.body.innerText")}`);
  }

  // Keeps requests to this path waiting until what it returns is called.
  async hold(path) {
    const from = this.requests.length;
    await this.send("Fetch.enable", { patterns: [{ urlPattern: `*${path}` }] });
    const release = () => this.send("Fetch.disable");
    release.hasOne = async () => {
      while (!this.requests.slice(from).some((url) => url.endsWith(path))) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    return release;
  }

  // As a user at the keyboard.
  async type(text) {
    await this.send("Input.insertText", { text });
  }

  async press(key, code = key, text = undefined) {
    const keys = { Enter: 13, Tab: 9 };
    const event = { key, code, windowsVirtualKeyCode: keys[key], text };
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async look(width, scheme) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height: width < 500 ? 800 : 900, deviceScaleFactor: 1, mobile: false });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  // The whole page, at most `most` pixels high.
  async shoot(path, most = 1600) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { cssContentSize } = await this.send("Page.getLayoutMetrics");
    const clip = { x: 0, y: 0, width: cssContentSize.width, height: Math.min(cssContentSize.height, most), scale: 1 };
    await this.evaluate("scrollTo(0, 0)");
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip });
    writeFileSync(path, Buffer.from(data, "base64"));
  }
}
