// On a narrow window the panel and the calls are sheets over the chat; on a wide one the calls can be hidden.

import { icon } from "./dom.js";

const KEY = "calls-hidden";
const wideForPanel = matchMedia("(min-width: 861px)");
const wideForCalls = matchMedia("(min-width: 1121px)");

/** Wires the two toggles and the shade behind a sheet. Returns { close, hideCalls }. */
export function watchSheets({ panel, calls, shade }) {
  const { dataset } = document.body;

  const tell = () => {
    const callsShown = wideForCalls.matches ? dataset.calls !== "hidden" : dataset.sheet === "calls";
    panel.setAttribute("aria-expanded", String(wideForPanel.matches || dataset.sheet === "panel"));
    calls.setAttribute("aria-expanded", String(callsShown));
  };
  const show = (sheet) => {
    dataset.sheet = dataset.sheet === sheet ? "" : sheet;
    tell();
  };
  const keep = (hidden) => {
    dataset.calls = hidden ? "hidden" : "shown";
    localStorage.setItem(KEY, hidden ? "yes" : "");
    tell();
  };
  const close = () => show("");

  panel.append(icon("menu"));
  calls.append(icon("calls"));
  panel.addEventListener("click", () => show("panel"));
  calls.addEventListener("click", () => (wideForCalls.matches ? keep(dataset.calls !== "hidden") : show("calls")));
  shade.addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  for (const query of [wideForPanel, wideForCalls]) query.addEventListener("change", close);

  dataset.calls = localStorage.getItem(KEY) ? "hidden" : "shown";
  close();
  return { close, hideCalls: () => (wideForCalls.matches ? keep(true) : close()) };
}
