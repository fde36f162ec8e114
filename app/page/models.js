// The model chooser: what each model reached and costs, from GET /models.

import { get } from "./api.js";
import { announce, byId, el, style } from "./dom.js";
import { action, modelName, percent, short } from "./format.js";

let models = [];
let chosen = null;

/** Return the model to ask, as "name@version"; null for the service's default. */
export const chosenModel = () => (chosen && !chosen.default ? reference(chosen) : null);

const reference = (model) => `${model.name}@${model.version}`;

/** List the models anew, and show which actions the chosen one knows. */
export async function startModels() {
  models = (await get("models")).models;
  chosen = models.find((model) => model.default) ?? models[0];
  byId("model-list").replaceChildren(...inOrder(models).map(card));
  await choose(chosen);
}

function inOrder(models) {
  return [...models].sort((a, b) => b.default - a.default || (b.accuracy?.top1 ?? 0) - (a.accuracy?.top1 ?? 0));
}

async function choose(model) {
  chosen = model;
  byId("model-name").textContent = modelName(model.name);
  byId("model-says").textContent = model.accuracy ? `${exact(model.accuracy.top1)} right on footage that it had never seen` : "";
  const { classes } = await get("classes", model.default ? {} : { model: reference(model) });
  byId("actions").replaceChildren(
    el("span", {}, `It knows ${classes.length} actions:`),
    el("ul", {}, ...classes.map((name) => el("li", {}, action(name)))),
  );
}

function card(model) {
  const input = el("input", {
    type: "radio", name: "model", value: reference(model), checked: model === chosen,
    onchange: () => choose(model).then(() => announce(`${modelName(model.name)} answers from now on.`), () => {}),
  });
  return el("label", { className: "model" }, input,
    el("span", { className: "model-head" }, el("strong", {}, modelName(model.name)), el("span", {}, `version ${model.version}`),
      model.default ? el("em", {}, "default") : null),
    ...measures(model));
}

function measures({ accuracy, cost }) {
  const most = Math.max(...models.map((model) => model.cost?.multiply_adds ?? 0));
  const accurate = accuracy ? `${exact(accuracy.top1)} (${exact(accuracy.interval[0])} – ${exact(accuracy.interval[1])})` : "not measured";
  const costs = cost?.multiply_adds ? `${short(cost.multiply_adds)} multiply-adds` : "not counted";
  return [
    measure("Accuracy", accurate, accuracy?.top1 ?? 0),
    measure("Cost", costs, most ? (cost?.multiply_adds ?? 0) / most : 0, "cost"),
    cost && el("span", { className: "hint" }, `${cost.frames} frames of ${cost.width} × ${cost.height}${cost.weight_bytes ? `, ${short(cost.weight_bytes)}B` : ""}`),
  ];
}

function measure(name, words, share, kind = "") {
  return el("span", { className: `measure ${kind}` }, el("span", {}, name), el("span", {}, words), style(el("span", { className: "gauge" }), "--share", share));
}

const TO_EVEN = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1, roundingMode: "halfEven" });

/** Round as Python does: to even where the binary number lies just between two tenths. */
const tenths = (value) => ((value * 4) % 2 === 1 ? TO_EVEN.format(value) : value.toFixed(1));

/** 0.9246 -> "92.5 %": accuracies differ by tenths. 0.9625 -> "96.2 %", as the model's card has it. */
const exact = (share) => (share === 1 ? percent(1) : `${tenths(share * 100)} %`);
