// The player of the video that is looked at. What the browser cannot play is shown by the frames that the model saw.

import { byId, el } from "./dom.js";

const PATIENCE = 1500; // milliseconds for the browser to read the file's header

let address = null;

/** Show a file. Return its length in seconds; null if the browser cannot tell. */
export function showVideo(file) {
  if (address) URL.revokeObjectURL(address);
  address = URL.createObjectURL(file);
  const video = el("video", { src: address, controls: true, muted: true, loop: true, playsInline: true, preload: "auto", ariaLabel: `The video ${file.name}` });
  byId("player").replaceChildren(video);
  return new Promise((resolve) => {
    video.onloadedmetadata = () => resolve(Number.isFinite(video.duration) ? video.duration : null);
    video.onerror = () => { showUnplayable(); resolve(null); };
    setTimeout(resolve, PATIENCE, null);
  });
}

function showUnplayable() {
  byId("player").replaceChildren(el("p", { className: "unplayable" }, "Your browser cannot play this kind of file."));
}

/** Return the video element; null if the browser cannot play the file. */
export const video = () => byId("player").querySelector("video");

/** Show a moment of the video: in the player, or else by its frame, if there is one. */
export function seek(time, image = null) {
  const player = video();
  if (player) {
    player.pause();
    player.currentTime = time;
  } else if (image) {
    showStill(image, "The frame that you chose");
  }
}

/** Show a frame in place of a player that there is not. */
export function showStill(image, words) {
  if (!video()) byId("player").replaceChildren(el("img", { src: image, alt: words }));
}

/** Have `follow` called with the time of the video as it plays or is sought. */
export function onTime(follow) {
  const player = video();
  if (!player) return;
  const tick = () => {
    follow(player.currentTime);
    if (!player.paused && player.isConnected) requestAnimationFrame(tick);
  };
  for (const event of ["play", "seeked", "timeupdate"]) player.addEventListener(event, tick);
}
