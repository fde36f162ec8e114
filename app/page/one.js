// The view of one video: what is chosen is played, sent, and answered.

import { predict } from "./api.js";
import { showAnswer, showProblem, showProgress } from "./answer.js";
import { announce, byId } from "./dom.js";
import { bytes, percent, seconds } from "./format.js";
import { showFrames } from "./frames.js";
import { chosenModel } from "./models.js";
import { showVideo } from "./player.js";
import { hideTimeline, showTimeline } from "./timeline.js";

const LONG = 6; // seconds from which on a video gets a timeline

let current = null; // what ends the work on the video before

/** Play a video and ask the service about it. */
export async function look(file) {
  current?.abort();
  const { signal } = (current = new AbortController());
  open();
  const cancel = () => { current.abort(); close(); };
  const duration = await showVideo(file);
  if (signal.aborted) return;
  const started = performance.now();
  try {
    const short = duration !== null && duration < LONG;
    const on = reports(file, duration, cancel);
    on.upload(0);
    const found = await predict(file, { model: chosenModel(), frames: true, window: short ? null : "auto", signal, on });
    if (!signal.aborted) show(file, found, (performance.now() - started) / 1000);
  } catch (problem) {
    if (!signal.aborted) showProblem(problem, () => look(file));
  }
}

function open() {
  byId("intake").classList.add("compact");
  byId("work").hidden = false;
  byId("frames").hidden = true;
  hideTimeline();
}

function close() {
  byId("intake").classList.remove("compact");
  byId("work").hidden = true;
  byId("player").replaceChildren();
  byId("choose").focus();
  announce("Cancelled");
}

/** Return what is told of the work as it goes on. */
function reports(file, duration, cancel) {
  return {
    upload: (share) => share < 1
      ? showProgress(`Uploading ${file.name}: ${percent(share)} of ${bytes(file.size)}`, share, cancel)
      : showProgress("Looking at the video …", null, cancel),
    segment: ({ end }) => duration === null
      ? showProgress(`Looked at ${seconds(end)}`, null, cancel)
      : showProgress(`Looked at ${seconds(Math.min(end, duration))} of ${seconds(duration)}`, Math.min(end / duration, 1), cancel),
    wait: (wait) => showProgress(`The service is busy. Trying again in ${Math.ceil(wait)} s`, null, cancel),
  };
}

function show(file, found, took) {
  const { answer } = found;
  showAnswer(file, found, took);
  showFrames(answer.frames ?? []);
  const length = answer.timeline?.at(-1)?.end ?? 0;
  if (length >= LONG) showTimeline(answer.timeline, length);
}
