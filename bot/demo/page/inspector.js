// The calls the bot makes, live: to Telegram and to the image service.

import { el, icon } from "./dom.js";
import { timeWithSeconds } from "./format.js";
import { glance, pretty } from "./json.js";
import { copy } from "./notice.js";
import { t, w } from "./words.js";

const MAX_CALLS = 500;
const NAMES = { telegram: "Telegram", jimeng: "Jimeng", ark: "Ark", openai: "OpenAI", dashscope: "DashScope", fal: "fal", replicate: "Replicate", gemini: "Gemini", openrouter: "OpenRouter", comfyui: "ComfyUI", assistant: w("Assistant") };
const SHORT = { telegram: "TG", jimeng: "JM" };

/** Draws the store's calls into `node`. `hide()` is called by its close button. */
export class Inspector {
  #service = "";
  #words = "";
  #after = 0;
  #fresh = 0;

  constructor(store, node, hide) {
    this.store = store;
    this.list = el("ol.calls", { test: "calls", tabindex: "0", fixed: { "aria-label": w("Calls, oldest first") } });
    this.none = el("p.no-calls", { fixed: { text: w("Nothing yet. Each call of the bot appears here, with what it asked and what it got.") } });
    this.filters = el("div.filters", { role: "group", fixed: { "aria-label": w("Service") } });
    const search = el("input", { type: "search", test: "inspector-search", fixed: { placeholder: w("Filter"), "aria-label": w("Filter calls") }, oninput: (event) => this.#look(event.target.value) });
    const clear = el("button.quiet", { type: "button", test: "inspector-clear", onclick: () => this.#clear(), fixed: { text: w("Clear") } });
    const close = el("button.tool", { type: "button", test: "inspector-hide", fixed: { "aria-label": w("Hide the calls"), title: w("Hide") }, onclick: hide }, icon("close"));
    node.append(
      el("header.inspector-top", {}, el("h2", { fixed: { text: w("Calls") } }), this.count = el("span.count", { test: "call-count" }), clear, close),
      el("div.inspector-tools", {}, this.filters, el("label.search", {}, icon("search"), search)),
      this.list,
      this.none,
    );
    for (const kind of ["world", "language"]) store.on(kind, () => store.world && this.#drawFilters());
    store.on("language", () => this.#draw());
    store.on("calls", () => this.#draw());
    store.on("call", (call) => this.#add(call));
  }

  #drawFilters() {
    const one = (service, label) =>
      el("button", { type: "button", test: "inspector-filter", data: { service }, "aria-pressed": String(this.#service === service), onclick: () => this.#choose(service) }, label);
    this.filters.replaceChildren(one("", t("All")), ...this.store.world.services.map((service) => one(service, t(NAMES[service] ?? service))));
  }

  #choose(service) {
    this.#service = service;
    this.#drawFilters();
    this.#draw();
  }

  #look(words) {
    this.#words = words.trim().toLowerCase();
    this.#draw();
  }

  #clear() {
    this.#after = this.store.calls.at(-1)?.n ?? 0;
    this.#draw();
  }

  #shows(call) {
    if (call.n <= this.#after || (this.#service && call.service !== this.#service)) return false;
    return !this.#words || `${call.name} ${call.status} ${JSON.stringify(call.request)}`.toLowerCase().includes(this.#words);
  }

  #draw() {
    // A restarted simulator counts from 1.
    if ((this.store.calls.at(-1)?.n ?? 0) < this.#after) this.#after = 0;
    const shown = this.store.calls.filter((call) => this.#shows(call));
    this.#fresh = shown.length;
    this.list.replaceChildren(...shown.slice(-MAX_CALLS).map(callRow));
    this.list.scrollTop = this.list.scrollHeight;
    this.#tell();
  }

  #add(call) {
    if (!this.#shows(call)) return;
    const { list } = this;
    const near = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    const row = callRow(call);
    row.classList.add("enter");
    list.append(row);
    if (list.childElementCount > MAX_CALLS) list.firstElementChild.remove();
    if (near) list.scrollTop = list.scrollHeight;
    this.#fresh += 1;
    this.#tell();
  }

  #tell() {
    this.count.textContent = this.#fresh || "";
    this.none.hidden = this.#fresh > 0;
  }
}

function callRow(call) {
  const detail = el("div.call-detail", { test: "call-detail", hidden: true });
  const line = el(
    "button.call-line",
    { type: "button", "aria-expanded": "false" },
    el("span.service", { data: { service: call.service }, title: call.service }, SHORT[call.service] ?? call.service.slice(0, 2).toUpperCase()),
    el("span.call-words", {}, el("span.call-name", {}, call.name), el("span.call-glance", {}, outcome(call), glance(call.request))),
    el("span.call-numbers", {}, el("span.status", {}, call.status ? String(call.status) : t("lost")), el("span.ms", {}, `${duration(call.ms)}`)),
  );
  line.addEventListener("click", () => {
    if (!detail.childElementCount) detail.append(...detailsOf(call));
    detail.hidden = !detail.hidden;
    line.setAttribute("aria-expanded", String(!detail.hidden));
  });
  return el("li.call", { test: "call", data: { n: call.n, name: call.name, service: call.service, status: call.status ?? 0, mood: mood(call) } }, line, detail);
}

function detailsOf(call) {
  const part = (title, value) =>
    el(
      "section",
      {},
      el("h3", {}, title, el("button.quiet", { type: "button", "aria-label": t("Copy"), onclick: () => copy(JSON.stringify(value, null, 2)) }, icon("copy"))),
      pretty(value),
    );
  return [el("p.call-when", {}, t("{when} · no. {n} · {ms} ms", { when: timeWithSeconds(call.at), n: call.n, ms: call.ms })), part(t("Request"), call.request), part(t("Response"), call.response)];
}

/** A summary of the answer: the reason of a refusal, or the state of a task. */
function outcome({ response }) {
  const word = response?.description ?? (response?.code !== 10000 && response?.message) ?? null;
  const said = word || response?.data?.status || response?.error?.code || response?.output?.task_status || response?.status;
  return typeof said === "string" ? el("b.outcome", {}, `${said} `) : null;
}

/** Whether a call succeeded, was delayed or failed. Jimeng also has a code of its own. */
function mood({ status, response }) {
  if (status === 429) return "held";
  if (!status || status >= 400) return "bad";
  if (response?.ok === false || (typeof response?.code === "number" && response.code !== 10000 && response.code !== 0)) return "bad";
  return "good";
}

function duration(ms) {
  if (typeof ms !== "number") return "";
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
