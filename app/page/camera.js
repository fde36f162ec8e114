// Three seconds from the camera, as a file.

import { byId } from "./dom.js";

const SECONDS = 3;
const KINDS = ["video/webm;codecs=vp8", "video/webm", "video/mp4"]; // the first that the browser can write

const REFUSALS = {
  NotAllowedError: "The camera was not allowed. Allow it for this page, in the address bar or the browser's settings, then try again.",
  NotFoundError: "No camera was found. Connect one, then try again.",
  NotReadableError: "Another program uses the camera. Close it, then try again.",
};

/** Set up the button that records. `take` is called with what was recorded. */
export function startCamera(take) {
  const button = byId("record");
  if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) {
    button.disabled = true;
    button.setAttribute("aria-describedby", "camera-hint");
    byId("camera-hint").hidden = false;
    return;
  }
  button.addEventListener("click", async () => {
    const file = await record();
    if (file) take(file);
  });
}

/** Return what the person records, as a file; null if they would rather not. */
async function record() {
  const [dialog, view, start] = [byId("camera"), byId("camera-view"), byId("camera-start")];
  const closed = new Promise((resolve) => { dialog.onclose = () => resolve(null); });
  byId("camera-cancel").onclick = () => dialog.close();
  start.disabled = true;
  say("Waiting for the camera …");
  dialog.showModal();
  const stream = await open();
  if (!stream) { await closed; return null; }
  try {
    view.srcObject = stream;
    await view.play();
    start.disabled = !dialog.open;
    say("Stand where the camera sees what you do.");
    const pressed = new Promise((resolve) => { start.onclick = resolve; });
    if (await Promise.race([pressed, closed]) === null) return null;
    start.disabled = true;
    const file = await Promise.race([film(stream), closed]);
    dialog.close();
    return file;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    view.srcObject = null;
  }
}

function say(words) {
  byId("camera-says").textContent = words;
}

async function open() {
  try {
    const video = { width: { ideal: 640 }, facingMode: { ideal: "environment" } };
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    say(REFUSALS[error.name] ?? `The camera cannot be opened: ${error.message}`);
    return null;
  }
}

/** Record a stream for three seconds, and count them down. */
function film(stream) {
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, { mimeType });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  return new Promise((resolve, reject) => {
    recorder.onerror = ({ error }) => reject(error);
    recorder.onstop = () => resolve(new File(parts, "Recording", { type: mimeType.split(";")[0] }));
    recorder.start();
    count(SECONDS, () => recorder.stop());
  });
}

function count(left, done) {
  if (!left) { done(); return; }
  say(`Recording: ${left} …`);
  setTimeout(count, 1000, left - 1, done);
}
