// An answer, a problem, or how far the work is: what stands beside the player.

import { announce, byId, el, style } from "./dom.js";
import { action, bytes, milliseconds, modelName, percent, seconds } from "./format.js";
import { confidence, PROBLEMS, REPEATABLE, STAGES, warning } from "./words.js";

/** Show how far an upload is, and what comes after it; `share` is null where that is not known. */
export function showProgress(words, share, onCancel) {
  const box = byId("answer");
  const shown = box.querySelector(".progress") ?? box.appendChild(el("div", { className: "progress" }, el("p"), el("progress", { max: 1, ariaLabel: "Progress" }), el("button", { type: "button" }, "Cancel")));
  if (box.children.length > 1) box.replaceChildren(shown);
  box.ariaBusy = "true";
  shown.querySelector("p").textContent = words;
  shown.querySelector("button").onclick = onCancel;
  const bar = shown.querySelector("progress");
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
}

/** Show what the service says of a file. */
export function showAnswer(file, { answer, timing, requestId }, took) {
  show(
    answer.known ? headline(answer) : noneOfThese(answer),
    bars(answer),
    ...warnings(answer.clip.warnings),
  );
  byId("about").replaceChildren(timings(timing, took), facts(file, answer, requestId));
  announce(answer.known ? `${action(answer.label)}. ${confidence(answer.confidence)}, ${percent(answer.confidence)}.` : "Probably none of the actions that the model knows.");
}

/** Show a problem in words, with what can be done. */
export function showProblem(problem, onRetry) {
  const [title, remedy] = PROBLEMS[problem.kind] ?? [problem.title ?? "This page failed", "Try again. If it happens again, tell whoever runs the service."];
  show(el("div", { className: "problem" },
    el("h2", { className: "label" }, title),
    el("p", {}, remedy),
    el("div", { className: "buttons" }, REPEATABLE.has(problem.kind) || !(problem.kind in PROBLEMS)
      ? el("button", { type: "button", className: "primary", onclick: onRetry }, "Try again")
      : el("button", { type: "button", className: "primary", onclick: () => byId("choose").click() }, "Choose another file")),
    el("p", { className: "hint" }, problem.detail === undefined ? String(problem) : problem.detail && `The service says: ${problem.detail}.`),
    problem.requestId ? el("p", { className: "hint" }, "Request ", el("code", {}, problem.requestId)) : null));
  announce(`${title}. ${remedy}`);
}

function show(...parts) {
  const box = byId("answer");
  box.ariaBusy = "false";
  byId("about").replaceChildren();
  box.replaceChildren(...parts);
}

function headline(answer) {
  const others = (answer.answer_set ?? []).filter((name) => name !== answer.label);
  return el("div", { className: "headline" },
    el("h2", { className: "label" }, action(answer.label)),
    el("p", { className: "sure" }, el("strong", {}, confidence(answer.confidence)), ` ${percent(answer.confidence)}`),
    others.length ? maybe(others) : null);
}

function maybe(others) {
  const names = el("ul", { className: "chips" }, ...others.map((name) => el("li", {}, action(name))));
  return el("div", { className: "maybe" }, el("p", {}, "It may also be"), names);
}

function noneOfThese(answer) {
  const count = Object.keys(answer.probabilities).length;
  return el("div", { className: "headline none" },
    el("h2", { className: "label" }, "Probably none of these"),
    el("p", {}, `This does not look like one of the ${count} actions that the model knows. If it is one of them after all, `,
      el("strong", {}, action(answer.label)), ` is the nearest (${percent(answer.confidence)}).`));
}

/** All probabilities, the largest first; those in the answer set are marked. */
function bars(answer) {
  const inSet = new Set(answer.known ? answer.answer_set ?? [answer.label] : []);
  const rows = Object.entries(answer.probabilities).sort(([, a], [, b]) => b - a);
  const kind = (name) => (name === answer.label && answer.known ? "best" : inSet.has(name) ? "in-set" : "");
  return el("section", { className: "part" },
    el("h2", { className: "minor" }, answer.known ? "All probabilities" : "If it had to be one of them"),
    el("ol", { className: "bars" }, ...rows.map(([name, share]) => el("li", { className: kind(name) },
      el("span", {}, action(name)), style(el("span", { className: "gauge" }), "--share", share), el("span", { className: "share" }, percent(share))))));
}

function warnings(names) {
  if (!names.length) return [];
  return [el("section", { className: "part" }, el("h2", { className: "minor" }, "Worth knowing"), el("ul", { className: "warnings" }, ...names.map((name) => el("li", {}, warning(name)))))];
}

/** How long each stage took: one bar of all, and their names. */
function timings(timing, took) {
  const known = Object.entries(STAGES).filter(([stage]) => stage in timing);
  const total = known.reduce((sum, [stage]) => sum + timing[stage], 0);
  const bar = el("div", { className: "stages", ariaHidden: "true" }, ...known.map(([stage]) => style(el("span", { className: stage }), "--share", total ? timing[stage] / total : 0)));
  return el("section", { className: "part" }, el("h2", { className: "minor" }, `Answered in ${seconds(took)}`), known.length ? bar : null,
    el("dl", { className: "stage-names" }, ...known.map(([stage, words]) => el("div", { className: stage }, el("dt", {}, words), el("dd", {}, milliseconds(timing[stage]))))));
}

function facts(file, answer, requestId) {
  const { clip, model } = answer;
  const rows = [
    ["File", `${file.name}, ${bytes(file.size)}`],
    ["Video", [clip.duration === null ? null : seconds(clip.duration), `${clip.width} × ${clip.height}`, clip.codec].filter(Boolean).join(", ")],
    ["Model", `${modelName(model.name)}, version ${model.version}`],
    ["Known-score", answer.known_score.toFixed(3)],
    ["SHA-256 of the file", answer.sha256],
    ["Request", requestId],
  ].filter(([, value]) => value);
  const { frames, ...rest } = answer;
  return el("details", { className: "facts" }, el("summary", {}, "Details"),
    el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("button", { type: "button", onclick: (event) => copy(event.currentTarget, JSON.stringify(rest, null, 2)) }, "Copy the answer as JSON"));
}

async function copy(button, text) {
  await navigator.clipboard?.writeText(text).then(() => { button.textContent = "Copied"; }, () => { button.textContent = "The browser did not allow it"; });
}
