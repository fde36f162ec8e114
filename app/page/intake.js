// How files come in: dropped anywhere on the page, chosen, or pasted.

import { announce, byId } from "./dom.js";

/** Call `take` with the files that are dropped on the page or pasted into it. */
export function startIntake(take) {
  let inside = 0; // how many elements deep the pointer is: each says when it comes and goes
  const veil = byId("veil");
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && !document.querySelector("dialog[open]");
  const leave = () => { inside = 0; veil.hidden = true; };
  addEventListener("dragenter", (event) => { if (hasFiles(event)) { inside++; veil.hidden = false; } });
  addEventListener("dragleave", () => { if (--inside <= 0) leave(); });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    leave();
    take(await dropped(event.dataTransfer));
  });
  addEventListener("paste", (event) => paste(event, take));
}

/** Have a button open a file chooser, and call `take` with what is chosen. */
export function startChooser(button, input, take) {
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const files = [...input.files].filter(isWorthTrying);
    input.value = ""; // so that the same file can be chosen again
    if (files.length) take(files);
  });
}

function paste(event, take) {
  if (event.target.closest?.("input, textarea, dialog")) return;
  const files = [...(event.clipboardData?.files ?? [])];
  if (files.length) take(files);
  else announce("There is no file in what you pasted. Copy the video file itself, not its name or address.");
}

/** Return the files that were dropped, those in folders too. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = await Promise.all(entries.map(filesIn));
  return found.flat().filter(isWorthTrying);
}

async function filesIn(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const found = await Promise.all((await children(entry)).map(filesIn));
  return found.flat();
}

/** Return what is in a folder. Its reader gives a part at a time, and an empty one at the end. */
async function children(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!part.length) return all;
    all.push(...part);
  }
}

/** Folders hold other things beside videos: hidden files, and what a browser knows to be text, a photo or sound. */
function isWorthTrying(file) {
  return !file.name.startsWith(".") && !/^(text|audio|font|image\/(?!gif))|^application\/(pdf|json|zip)/.test(file.type);
}
