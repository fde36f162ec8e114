// The frames that the model saw, each with its time; a click shows that moment in the player.

import { byId, el } from "./dom.js";
import { seek, showStill } from "./player.js";

/** Show an answer's frames. */
export function showFrames(frames) {
  const box = byId("frames");
  box.hidden = !frames.length;
  if (!frames.length) return;
  showStill(frames[0].image, "The first frame that the model saw");
  box.replaceChildren(
    el("h2", { className: "minor" }, `What the model saw: ${frames.length} frames`),
    el("ol", {}, ...frames.map(({ timestamp, image }, index) => el("li", {}, el("button", {
      type: "button",
      ariaLabel: `Frame ${index + 1}, at ${timestamp.toFixed(2)} seconds`,
      onclick: () => seek(timestamp, image),
    }, el("img", { src: image, alt: "" }), el("span", {}, `${timestamp.toFixed(2)} s`))))),
  );
}
