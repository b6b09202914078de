// Sends a large file in parts, so that a line that breaks costs one part and not the file. Without this script, or on a
// page that is not reached over HTTPS, the form sends the file in one piece, and all else is the same.

const ONE_PIECE = 8 * 1024 * 1024;
const AT_ONCE = 3;
const WAITS = [1, 2, 4, 8, 15, 30, 30, 60, 60, 60]; // seconds between tries
const KEPT = 24 * 60 * 60 * 1000;
const KEY = "plumbline upload ";
const AGAIN = new Set([429, 500, 502, 503, 504]);

class Refused extends Error {}
class Over extends Error {}

for (const place of document.querySelectorAll("[data-upload]")) {
  const form = place.closest("form");
  const input = form.querySelector('input[type="file"]');
  if (window.isSecureContext && input) {
    forgetOld();
    form.addEventListener("submit", (event) => {
      const file = input.files[0];
      if (!file || file.size <= ONE_PIECE) return;
      event.preventDefault();
      if (form.reportValidity()) new Sending(place, form, input, file).run();
    });
    // after a step back in the browser the form is as it was when it went
    window.addEventListener("pageshow", () => { input.disabled = false; });
  }
}

class Sending {
  constructor(place, form, input, file) {
    Object.assign(this, { place, form, input, file });
    this.address = place.dataset.upload;
    this.token = form.querySelector('[name="csrfmiddlewaretoken"]').value;
    this.buttons = form.querySelectorAll("button:not([type])");
    this.key = `${KEY}${file.name} ${file.size} ${file.lastModified}`;
    this.stop = new AbortController();
    this.sent = 0;
    this.spoken = 0;
  }

  async run() {
    this.show();
    try {
      const upload = await this.all();
      this.say("All of it is here. It is being looked at.", true);
      this.hand(upload.id);
    } catch (error) {
      this.end(error);
    }
  }

  // Every part, then the end of the upload; one that is over in the meantime is begun anew, once.
  async all(anew = false) {
    try {
      const upload = await this.opened();
      if (upload.state === "open") {
        await this.parts(upload);
        await this.call("POST", `/${upload.id}/complete`, "{}");
      }
      return upload;
    } catch (error) {
      if (!(error instanceof Over) || anew) throw error;
      localStorage.removeItem(this.key);
      this.sent = 0;
      return this.all(true);
    }
  }

  // The upload of this very file that was begun before, or a new one.
  async opened() {
    const known = JSON.parse(localStorage.getItem(this.key) || "null");
    if (known) {
      const upload = await this.call("GET", `/${known.id}`);
      if (upload.state === "expired") throw new Over();
      return upload;
    }
    const said = JSON.stringify({ file_name: this.file.name, size: this.file.size });
    const upload = await this.call("POST", "", said);
    localStorage.setItem(this.key, JSON.stringify({ id: upload.id, at: Date.now() }));
    return upload;
  }

  async parts(upload) {
    const there = new Map(upload.parts.map((part) => [part.number, part.sha256]));
    const count = Math.ceil(upload.size / upload.part_size);
    let next = 0;
    const work = async () => {
      while (next < count) {
        const number = next++;
        await this.part(upload, number, there.get(number));
      }
    };
    const working = Array.from({ length: Math.min(AT_ONCE, count) }, work);
    try {
      await Promise.all(working);
    } catch (error) {
      this.stop.abort();
      throw error;
    }
  }

  // One part; it is read and hashed even where it seems to be there, since the file may be another by now.
  async part(upload, number, known) {
    const block = await this.read(number * upload.part_size, upload.part_size);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", block));
    if (hex(digest) !== known) {
      const headers = { "Content-Type": "application/octet-stream", "Content-Digest": `sha-256=:${base64(digest)}:` };
      await this.call("PUT", `/${upload.id}/parts/${number}`, block, headers);
    }
    this.sent += block.byteLength;
    this.progress();
  }

  async read(start, length) {
    try {
      return await this.file.slice(start, start + length).arrayBuffer();
    } catch {
      throw new Refused("The file changed, or cannot be read any more. Choose it again.");
    }
  }

  // One request, again and again while the line or the server is away; raises what no repetition will mend.
  async call(method, path, body, headers = { "Content-Type": "application/json" }) {
    for (let tries = 0; ; tries++) {
      const answer = await this.once(method, path, body, headers);
      if (answer && answer.ok) return answer.status === 204 ? null : answer.json();
      if (answer && !AGAIN.has(answer.status)) throw await refusal(answer);
      if (tries === WAITS.length) {
        throw new Refused("The connection did not come back. Press the button again to go on where it stopped.");
      }
      this.say(`The connection is lost. It is tried again in ${words(WAITS[tries])}; what is here stays here.`, true);
      await this.rest(WAITS[tries]);
    }
  }

  // The answer, or nothing where none came.
  async once(method, path, body, headers) {
    const said = { ...headers, "X-CSRFToken": this.token, Accept: "application/json" };
    try {
      return await fetch(this.address + path, { method, body, headers: said, signal: this.stop.signal });
    } catch (error) {
      if (this.stop.signal.aborted) throw error;
      return null;
    }
  }

  // A pause that ends early when the line is back, and for good when the person cancels.
  rest(seconds) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, seconds * 1000);
      window.addEventListener("online", () => { clearTimeout(timer); setTimeout(resolve, 200); }, { once: true });
      this.stop.signal.addEventListener("abort", () => { clearTimeout(timer); reject(this.stop.signal.reason); });
    });
  }

  show() {
    this.place.replaceChildren();
    this.place.className = "field";
    this.bar = made("progress", { max: this.file.size, value: 0 });
    this.bar.setAttribute("aria-label", `How much of ${this.file.name} is here`);
    this.text = made("p", { className: "sub" });
    this.text.setAttribute("role", "status");
    this.text.setAttribute("aria-live", "polite");
    const cancel = made("button", { type: "button", className: "second", textContent: "Cancel" });
    cancel.addEventListener("click", () => { this.cancelled = true; this.stop.abort(); });
    this.place.append(this.text, this.bar, cancel);
    this.buttons.forEach((button) => { button.disabled = true; });
    this.say(`Sending ${this.file.name}.`, true);
  }

  progress() {
    this.bar.value = this.sent;
    this.say(`${size(this.sent)} of ${size(this.file.size)} are here.`);
  }

  // Read out by screen readers, so not more often than one can listen.
  say(text, now = false) {
    if (!now && Date.now() < this.spoken + 3000) return;
    this.spoken = Date.now();
    this.text.textContent = text;
  }

  // The form goes as it always does, with the upload's name in the place of the file.
  hand(id) {
    this.place.replaceChildren(this.text, made("input", { type: "hidden", name: "upload", value: id }));
    this.input.disabled = true;
    this.form.submit();
  }

  async end(error) {
    this.buttons.forEach((button) => { button.disabled = false; });
    if (this.cancelled) return this.forget();
    const known = error instanceof Refused;
    const said = made("p", { className: "wrongs", textContent: known ? error.message : `It stopped: ${error.message}` });
    said.setAttribute("role", "alert");
    this.place.replaceChildren(said);
    if (!known) console.error(error);
  }

  async forget() {
    const known = JSON.parse(localStorage.getItem(this.key) || "null");
    localStorage.removeItem(this.key);
    this.place.replaceChildren(this.text);
    this.say("Cancelled. Nothing of it was kept.", true);
    this.stop = new AbortController();
    if (known) await this.once("DELETE", `/${known.id}`, null, {});
  }
}

async function refusal(answer) {
  if (answer.status === 404 || answer.status === 410) return new Over();
  if (answer.status === 401) {
    return new Refused("You were signed out. Sign in again and choose the same file: what is here stays here for a day.");
  }
  const problem = await answer.json().catch(() => ({}));
  return new Refused(problem.detail || `The server refused it (${answer.status}).`);
}

function forgetOld() {
  for (const key of Object.keys(localStorage).filter((each) => each.startsWith(KEY))) {
    const known = JSON.parse(localStorage.getItem(key) || "{}");
    if (!(Date.now() - known.at < KEPT)) localStorage.removeItem(key);
  }
}

function made(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

function size(bytes) {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

function words(seconds) {
  return seconds === 1 ? "a second" : `${seconds} seconds`;
}
