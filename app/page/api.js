// Requests to the service this page came from. Every address is relative, since the service may lie under a path.

import { keyHeaders, askForKey } from "./key.js";

const PREFIX = "urn:videoxception:problem:";
const TRIES = 6; // of a request that a busy service turns away
const LONGEST_WAIT = 60; // seconds

/** What the service refused or could not do: `kind` is the end of the problem's type. */
export class Problem extends Error {
  constructor(kind, title, detail, retryAfter = null, requestId = null) {
    super(title);
    Object.assign(this, { kind, title, detail, retryAfter, requestId });
  }

  /** Return the problem that a body of RFC 9457 tells of. */
  static from(body, headers) {
    const kind = String(body.problem ?? body.type ?? "").replace(PREFIX, "");
    const after = headers?.("Retry-After") ?? null;
    return new Problem(kind, body.title ?? "The service failed", body.detail ?? "", after && Number(after), headers?.("X-Request-ID") ?? null);
  }
}

/** Return the JSON at a route. */
export async function get(path, parameters = {}) {
  return withKey(async () => {
    const response = await fetch(address(path, parameters), { headers: keyHeaders() }).catch(unreachable);
    const body = await response.json().catch(() => ({}));
    if (!response.ok) throw Problem.from(body, (name) => response.headers.get(name));
    return body;
  });
}

/**
 * Return what the service says of a video: {answer, timing, requestId}.
 *
 * `window` asks for a timeline. `on.upload(share)` is called as the file goes up, `on.segment(segment)` for each part of
 * a timeline, `on.wait(seconds)` while a busy service is left alone for a while.
 */
export function predict(file, { model, frames = false, window = null, signal = null, on = {} } = {}) {
  const parameters = { ...(model && { model }), ...(frames && { frames }), ...(window && { window }) };
  return withRetries(() => withKey(() => send(file, address("predict", parameters), window !== null, signal, on)), signal, on.wait);
}

function address(path, parameters) {
  const query = new URLSearchParams(parameters).toString();
  return query ? `${path}?${query}` : path;
}

function unreachable() {
  throw new Problem("unreachable", "The service cannot be reached", "");
}

/** Do a request; if it lacks the right key, ask for one and do it again. */
async function withKey(request) {
  for (;;) {
    const used = keyHeaders().Authorization;
    try {
      return await request();
    } catch (problem) {
      if (problem.kind !== "unauthorized" || !(await askForKey(used))) throw problem;
    }
  }
}

/** Do a request; while the service is too busy for it, wait as long as it says and do it again. */
async function withRetries(request, signal, onWait) {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (problem) {
      if (tries === TRIES || problem.retryAfter === null || problem.retryAfter === undefined) throw problem;
      const wait = Math.min(problem.retryAfter, LONGEST_WAIT) * (1 + Math.random() / 4); // or all would come back at once
      for (let left = wait; left > 0; left--) {
        onWait?.(left);
        await pause(Math.min(left, 1), signal);
      }
    }
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

/** Send a file. XMLHttpRequest, since `fetch` does not tell how much has gone up. */
function send(file, url, streamed, signal, on) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const lines = new Lines((line) => line.type === "segment" && on.segment?.(line));
    request.open("POST", url);
    for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    if (streamed) request.setRequestHeader("Accept", "application/jsonl");
    request.upload.onprogress = (event) => event.lengthComputable && on.upload?.(event.loaded / event.total);
    request.upload.onload = () => on.upload?.(1);
    request.onprogress = () => isLines(request) && lines.read(request.responseText);
    request.onload = () => settle(request, lines, resolve, reject);
    request.onerror = () => { try { unreachable(); } catch (problem) { reject(problem); } };
    signal?.addEventListener("abort", () => { request.abort(); reject(signal.reason); }, { once: true });
    if (signal?.aborted) reject(signal.reason);
    else request.send(file);
  });
}

const isLines = (request) => (request.getResponseHeader("Content-Type") ?? "").startsWith("application/jsonl");

function settle(request, lines, resolve, reject) {
  const header = (name) => request.getResponseHeader(name);
  const body = isLines(request) ? lines.end(request.responseText) : parse(request.responseText);
  if (request.status >= 400 || body.type === "problem" || body.status >= 400) reject(Problem.from(body, header));
  else resolve({ answer: body, timing: stages(header("Server-Timing") ?? ""), requestId: header("X-Request-ID") });
}

function parse(text) {
  try { return JSON.parse(text); } catch { return { title: "The answer could not be read", status: 500 }; }
}

/** Reads JSON Lines as they come. */
class Lines {
  constructor(onLine) {
    this.onLine = onLine;
    this.taken = 0;
    this.last = null;
  }

  /** Take in the whole lines of all the text so far. */
  read(text) {
    for (let end; (end = text.indexOf("\n", this.taken)) >= 0; this.taken = end + 1) this.take(text.slice(this.taken, end));
  }

  /** Return the last line. */
  end(text) {
    this.read(text);
    this.take(text.slice(this.taken));
    return this.last ?? { title: "The answer broke off", status: 500 };
  }

  take(line) {
    if (!line.trim()) return;
    this.last = parse(line);
    this.onLine(this.last);
  }
}

/** "upload;dur=1.2, decode;dur=3" -> {upload: 1.2, decode: 3}, in milliseconds. */
export function stages(header) {
  return Object.fromEntries([...header.matchAll(/(\w+);dur=([\d.]+)/g)].map(([, name, duration]) => [name, Number(duration)]));
}
