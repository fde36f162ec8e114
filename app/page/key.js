// The API key: asked for when the service wants one, and kept for as long as the tab is open.

import { byId } from "./dom.js";

const NAME = "videoxception.key";
let key = null;
let asking = null; // the promise of the dialog that is open

try { key = sessionStorage.getItem(NAME); } catch { /* the browser keeps nothing */ }

/** Return the headers that carry the key, if there is one. */
export function keyHeaders() {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Ask for a key after one was refused, or none was given. Return false if the person has none. */
export function askForKey(refused) {
  if (keyHeaders().Authorization !== refused) return Promise.resolve(true); // another request has asked in the meantime
  asking ??= ask(refused !== undefined).finally(() => { asking = null; });
  return asking;
}

/** Let the person change the key. */
export function changeKey() {
  askForKey(keyHeaders().Authorization);
}

function ask(again) {
  const [dialog, field] = [byId("key"), byId("key-value")];
  if (again) byId("key-says").textContent = "The key that was given is not, or no longer, the right one.";
  field.value = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    const form = dialog.querySelector("form");
    form.onsubmit = (event) => {
      event.preventDefault();
      keep(field.value);
      dialog.close("given");
    };
    byId("key-cancel").onclick = () => dialog.close("");
    dialog.oncancel = () => { dialog.returnValue = ""; };
    dialog.onclose = () => resolve(dialog.returnValue === "given");
  });
}

function keep(value) {
  key = value.trim();
  byId("change-key").hidden = false;
  try { sessionStorage.setItem(NAME, key); } catch { /* then it is asked for again */ }
}

/** Show the button that changes the key, if there is one. */
export function startKey() {
  byId("change-key").hidden = !key;
  byId("change-key").addEventListener("click", changeKey);
}
