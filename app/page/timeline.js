// The timeline of a long video: a strip under the player, a colour for each action, and the list of its parts.

import { byId, el, style } from "./dom.js";
import { action, clock, percent } from "./format.js";
import { onTime, seek } from "./player.js";

const HUES = [264, 25, 155, 90, 330, 200, 55, 300]; // of the actions, in the order in which they come
const NONE = "None of these";

/** Show the parts of a video of so many seconds. */
export function showTimeline(parts, duration) {
  const box = byId("timeline");
  box.hidden = false;
  const hues = huesOf(parts);
  const strip = el("div", { className: "strip", role: "group", ariaLabel: "Timeline: jump to a part of the video" }, ...parts.map((part) => block(part, duration, hues)));
  const head = el("div", { className: "playhead", hidden: true });
  strip.append(head);
  strip.addEventListener("click", (event) => event.detail && seek(timeAt(strip, event.clientX, duration))); // keys have detail 0
  strip.addEventListener("keydown", (event) => move(strip, event));
  const rows = parts.map((part) => row(part, hues));
  box.replaceChildren(strip, el("p", { className: "ends", ariaHidden: "true" }, el("span", {}, clock(0)), el("span", {}, clock(duration))), el("ol", { className: "parts" }, ...rows));
  onTime((time) => follow(time, parts, rows, head, duration));
}

/** Hide the strip: the video has none. */
export function hideTimeline() {
  byId("timeline").hidden = true;
}

/** Return a hue for each action that is in the parts. */
function huesOf(parts) {
  const labels = [...new Set(parts.map((part) => part.label).filter((label) => label !== null))];
  return new Map(labels.map((label, index) => [label, HUES[index % HUES.length]]));
}

function paint(node, label, hues) {
  if (label === null) node.classList.add("none");
  else style(node, "--hue", hues.get(label));
  return node;
}

const named = ({ label }) => (label === null ? NONE : action(label));
const sure = ({ label, confidence }) => (label === null ? "" : percent(confidence));

/** A part on the strip. Only the first is reached by Tab; arrows go on from there. */
function block(part, duration, hues) {
  const words = `${clock(part.start)} to ${clock(part.end)}: ${named(part)} ${sure(part)}`.trim();
  const node = el("button", { type: "button", className: "block", title: words, ariaLabel: words, tabIndex: part.start === 0 ? 0 : -1, onclick: (event) => event.detail || seek(part.start) });
  style(node, "--start", part.start / duration);
  style(node, "--length", (part.end - part.start) / duration);
  return paint(node, part.label, hues);
}

function row(part, hues) {
  const swatch = paint(el("span", { className: "swatch" }), part.label, hues);
  return el("li", {}, el("button", { type: "button", onclick: () => seek(part.start) },
    swatch, el("span", { className: "when" }, `${clock(part.start)} – ${clock(part.end)}`), el("span", {}, named(part)), el("span", { className: "share" }, sure(part))));
}

function timeAt(strip, x, duration) {
  const { left, width } = strip.getBoundingClientRect();
  return Math.min(Math.max((x - left) / width, 0), 1) * duration;
}

/** Move the focus along the strip. */
function move(strip, event) {
  const blocks = [...strip.querySelectorAll(".block")];
  const index = blocks.indexOf(document.activeElement);
  const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: blocks.length - 1 }[event.key];
  if (next === undefined || !blocks[next]) return;
  event.preventDefault();
  blocks[index].tabIndex = -1;
  blocks[next].tabIndex = 0;
  blocks[next].focus();
}

/** Move the playhead, and mark the part that is on. */
function follow(time, parts, rows, head, duration) {
  head.hidden = false;
  style(head, "--start", Math.min(time / duration, 1));
  parts.forEach((part, index) => {
    const on = part.start <= time && time < part.end;
    if (on) rows[index].setAttribute("aria-current", "true");
    else rows[index].removeAttribute("aria-current");
  });
}
