// Puts the page together.

import { showProblem } from "./answer.js";
import { startCamera } from "./camera.js";
import { byId } from "./dom.js";
import { startChooser, startIntake } from "./intake.js";
import { startKey } from "./key.js";
import { lookAtAll, startMany } from "./many.js";
import { startModels } from "./models.js";
import { look } from "./one.js";

const VIEWS = ["one", "many"];

const view = () => (VIEWS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "one");

function showView() {
  for (const name of VIEWS) {
    byId(name).hidden = name !== view();
    const link = document.querySelector(`[data-view=${name}]`);
    if (name === view()) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function goTo(name) {
  location.hash = name;
  showView();
}

/** One file goes to the view that is open; several go to the table. */
function take(files) {
  if (files.length === 1 && view() === "one") { look(files[0]); return; }
  goTo("many");
  lookAtAll(files);
}

function lookCloser(file) {
  goTo("one");
  byId("main").focus();
  look(file);
}

addEventListener("hashchange", showView);
showView();
startKey();
startIntake(take);
startChooser(byId("choose"), byId("file"), ([file]) => look(file));
startChooser(byId("choose-files"), byId("files"), take);
startChooser(byId("choose-folder"), byId("folder"), take);
startCamera(look);
startMany(lookCloser);
startModels().catch((problem) => {
  byId("work").hidden = false;
  showProblem(problem, () => location.reload());
});
