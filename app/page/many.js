// The view of many videos: a few are sent at a time, and the table fills as they are answered.

import { predict } from "./api.js";
import { save, toCsv } from "./csv.js";
import { announce, byId, el, style } from "./dom.js";
import { action, percent } from "./format.js";
import { chosenModel } from "./models.js";
import { PROBLEMS } from "./words.js";

const AT_ONCE = 3;

let items = []; // {file, row, answer, problem, started}
let stop = new AbortController();
let working = 0;

/** Set up the buttons of the view. `lookCloser` opens a file in the other one. */
export function startMany(lookCloser) {
  byId("csv").addEventListener("click", () => save("videoxception.csv", toCsv(table())));
  byId("stop").addEventListener("click", () => stop.abort());
  byId("clear").addEventListener("click", clear);
  byId("rows").addEventListener("click", (event) => {
    const item = items.find(({ row }) => row.contains(event.target) && event.target.closest("button"));
    if (item) lookCloser(item.file);
  });
}

/** Add files to the table, and have them answered. */
export function lookAtAll(files) {
  if (stop.signal.aborted) stop = new AbortController();
  const added = files.map((file) => ({ file, row: newRow(file), answer: null, problem: null, started: false }));
  items.push(...added);
  byId("rows").append(...added.map(({ row }) => row));
  byId("results").hidden = false;
  byId("intake-many").classList.add("compact");
  while (working < AT_ONCE && items.some(isWaiting)) work();
  tally();
}

const isWaiting = (item) => !item.started;
const isDone = (item) => item.answer || item.problem;

async function work() {
  working++;
  const { signal } = stop;
  for (let item; !signal.aborted && (item = items.find(isWaiting)); ) await answer(item, signal);
  working--;
  tally();
}

async function answer(item, signal) {
  item.started = true;
  state(item, "Sending …");
  const on = { upload: (share) => share === 1 && state(item, "Looking …"), wait: (wait) => state(item, `Waiting ${Math.ceil(wait)} s …`) };
  try {
    const found = await predict(item.file, { model: chosenModel(), signal, on });
    item.answer = found.answer;
    showAnswer(item);
  } catch (problem) {
    if (signal.aborted) { item.started = false; state(item, "Stopped"); }
    else showProblem(item, problem);
  }
  tally();
}

function newRow(file) {
  const closer = el("button", { type: "button", title: "Look closer" }, ...breakable(pathOf(file)));
  return el("tr", {}, el("th", { scope: "row" }, closer), el("td", { colSpan: 3, className: "state" }, "In line"));
}

const pathOf = (file) => file.webkitRelativePath || file.name;

/** Return a path with places to break at behind its separators. */
const breakable = (path) => path.split(/(?<=[^/_-]{3}[/_-])/).flatMap((piece) => [piece, el("wbr")]);

function state({ row }, words) {
  fill(row, el("td", { colSpan: 3, className: "state" }, words));
}

function fill(row, ...cells) {
  row.replaceChildren(row.firstElementChild, ...cells);
}

function showAnswer({ row, answer: { known, label, confidence, answer_set: set } }) {
  const others = known ? (set ?? []).filter((name) => name !== label).map(action).join(", ") : `${action(label)}, if anything`;
  const gauge = [style(el("span", { className: "gauge" }), "--share", confidence), el("span", { className: "share" }, percent(confidence))];
  fill(row,
    el("td", { className: known ? "" : "none" }, known ? action(label) : "None of these"),
    el("td", { className: "probability" }, ...(known ? gauge : ["–"])),
    el("td", { className: "also" }, others));
}

function showProblem(item, problem) {
  item.problem = problem;
  const [title, remedy] = PROBLEMS[problem.kind] ?? [problem.title, problem.detail];
  fill(item.row, el("td", { colSpan: 3, className: "bad" }, el("strong", {}, title), ` ${remedy}`));
}

/** Say how far all of it is. */
function tally() {
  const [done, bad] = [items.filter(isDone).length, items.filter((item) => item.problem).length];
  const words = `${done} of ${items.length} done${bad ? `, ${bad} without an answer` : ""}`;
  byId("tally").textContent = words;
  byId("tally-bar").value = items.length ? done / items.length : 0;
  byId("stop").disabled = !working;
  byId("csv").disabled = !done;
  if (done === items.length && done) announce(words);
}

function clear() {
  stop.abort();
  items = [];
  byId("rows").replaceChildren();
  byId("results").hidden = true;
  byId("intake-many").classList.remove("compact");
  byId("choose-files").focus();
}

/** Return the table with all probabilities: a header, then a row a file. */
function table() {
  const done = items.filter(isDone);
  const classes = Object.keys(done.find(({ answer }) => answer)?.answer.probabilities ?? {});
  const header = ["file", "label", "confidence", "known", "known_score", "answer_set", "model", "sha256", "warnings", "problem", ...classes];
  return [header, ...done.map((item) => line(item, classes))];
}

function line({ file, answer, problem }, classes) {
  if (problem) return [pathOf(file), ...Array(8).fill(null), problem.kind, ...classes.map(() => null)];
  const { label, confidence, known, known_score, answer_set, model, sha256, clip, probabilities } = answer;
  const words = [answer_set?.join(" ") ?? null, `${model.name}@${model.version}`, sha256, clip.warnings.join("; ")];
  return [pathOf(file), label, confidence, known, known_score, ...words, null, ...classes.map((name) => probabilities[name] ?? null)];
}
