// What the service's terms mean, for people: confidence, warnings, stages, problems and their remedies.

const CONFIDENCE = [
  [0.95, "Almost certain"],
  [0.8, "Very likely"],
  [0.6, "Likely"],
  [0.4, "Perhaps"],
  [0, "A guess"],
];

/** A probability in words. */
export function confidence(probability) {
  return CONFIDENCE.find(([least]) => probability >= least)[1];
}

/** Each of the service's warnings: what it means, and what would help. */
export const WARNINGS = {
  "short": "The video has fewer frames than the model looks at, so that some count more than once. A longer one tells more.",
  "damaged": "Some frames could not be read; their neighbours stood in. If you can, export the video again.",
  "truncated": "The end of the file is missing; the answer is about what is there. Was it copied or recorded to its end?",
  "key frames only": "To read all of this video would take too long, so only its key frames were used. The answer may be a little off in time.",
  "rotated": "The file says that it was filmed on its side, so it was turned upright.",
  "mirrored": "The file asks to be shown mirrored, and was.",
  "video N of M": "The file holds more than one video; the answer is about the main one.",
  "hdr": "The colours are HDR; they were brought to those of ordinary video.",
  "dolby vision": "The colours are Dolby Vision, which only its own players know. The model saw wrong colours; export the video without it.",
  "variable rate": "The frames are not evenly spaced in time, as phones and screen recorders make them; that does no harm.",
  "no times": "The file does not say when its frames are shown; the times here are a guess.",
};

/** A warning in words. */
export function warning(name) {
  return WARNINGS[name.replace(/\d+/, "N").replace(/\d+/, "M")] ?? WARNINGS[name] ?? name;
}

/** The stages of an answer, as the header Server-Timing names them, in the order in which they come. */
export const STAGES = {
  upload: "Upload",
  queue: "Waiting for a decoder",
  decode: "Decoding",
  batch: "Waiting for the model",
  infer: "Model",
};

const KINDS = "It takes mp4, mov, mkv, webm, avi, mpeg, ts, flv, wmv, ogg and gif; photos and sound are no videos.";

/** Each problem, by the end of its type: what happened, and what to do. */
export const PROBLEMS = {
  "malformed": ["The request did not arrive as it was sent", "Try again. If it happens again, something between you and the service changes requests."],
  "no-file": ["This file is empty", "Choose another one. If it should hold a video, see whether it was copied to its end."],
  "unauthorized": ["The service needs its API key", "Try again, and give the key that you got from whoever runs the service."],
  "unknown-model": ["This model is gone", "Choose another model below, then try again."],
  "slow-upload": ["The upload took too long", "Try again with a better connection, or with a smaller file."],
  "too-large": ["This file is too large", "Send a shorter or smaller one: a few seconds of the action are enough."],
  "not-a-video": ["This is not a video that the service takes", KINDS],
  "encoded": ["The file did not arrive as it is", "Something between you and the service packs requests. Try another connection."],
  "no-frames": ["There are no frames in this video", "See whether it plays in another program, and export it again from there."],
  "undecodable": ["This video cannot be read", "It is damaged or encrypted. If it plays in another program, export it from there as MP4."],
  "too-many-pixels": ["The frames of this video are too large", "Export it in a smaller size: 1080p is plenty."],
  "too-long": ["This video is too long", "Cut it to the part with the action, then send that."],
  "too-many-windows": ["This video is too long for a timeline", "Cut it into parts, and send those."],
  "overloaded": ["The service is busy", "Try again in a moment."],
  "not-ready": ["The service is not ready", "It is starting or out of order. Try again in a minute."],
  "deadline": ["The answer took too long", "The service is busy, or the video is long. Try again later, or with a shorter one."],
  "unreachable": ["The service cannot be reached", "See whether you are online and the service runs, then try again. If other files work, this one may be too large."],
};

/** Problems that may be over when the same file is sent once more. */
export const REPEATABLE = new Set(["malformed", "unauthorized", "unknown-model", "slow-upload", "encoded", "overloaded", "not-ready", "deadline", "unreachable"]);
