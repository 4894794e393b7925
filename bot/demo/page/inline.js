// Inline mode: a text after the bot's name in any chat shows results over the composer.
// https://core.telegram.org/bots/inline

import * as api from "./api.js";
import { el } from "./dom.js";
import { picture } from "./media.js";
import { t } from "./words.js";

const PAUSE_MS = 300;
const LOAD_MARGIN_PX = 160;
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/**
 * Shows results in `node`. `chosen(query, result)` is called with the ids of the one that was clicked,
 * `start(words)` when the button over them leads to the private chat, `back()` when the keyboard leaves the results.
 */
export class InlinePanel {
  #words = null;
  #timer = 0;
  #asking = null;
  #next = "";

  constructor(store, node, { chosen, start, back }) {
    Object.assign(this, { store, node, chosen, start, back });
    node.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    node.addEventListener("keydown", (event) => this.#inside(event));
  }

  get open() {
    return !this.node.hidden;
  }

  /** Update it for a text: the bot is asked once a person pauses. */
  update(typed) {
    const words = this.#after(typed);
    if (words === this.#words) return;
    this.#words = words;
    this.#stop();
    // The results stay until the next ones arrive, so that nothing flickers.
    if (words === null) this.close();
    else this.#timer = setTimeout(() => this.#ask(""), PAUSE_MS);
  }

  /** Hide the results until the text changes. */
  close() {
    this.#stop();
    this.node.hidden = true;
  }

  /** Handle a key of the composer. Returns whether it was for the results. */
  key(event) {
    if (!this.open) return false;
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowUp") this.node.querySelector("button, a")?.focus();
    else return false;
    event.preventDefault();
    return true;
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
    this.#next = "";
  }

  #after(typed) {
    const name = this.store.world?.bot.username;
    const match = name ? /^@(\w+)\s([^]*)$/u.exec(typed) : null;
    return match && match[1].toLowerCase() === name.toLowerCase() ? match[2].trim() : null;
  }

  async #ask(offset) {
    const { person, chat } = this.store;
    const asking = new AbortController();
    this.#asking = asking;
    this.#next = "";
    try {
      const answer = await api.inline({ person, chat, query: this.#words, offset }, asking.signal);
      if (this.#asking !== asking) return;
      this.#show(answer, offset !== "");
    } catch {
      // Aborted by more text, or the simulator is down: there is nothing to show.
      if (this.#asking === asking) this.close();
    }
  }

  #show({ id, results, button, next_offset: next }, more) {
    const items = (results ?? []).map((result) => this.#item(id, result));
    this.#next = next;
    if (more) return this.node.append(...items);
    this.node.replaceChildren(...(button ? [this.#button(button)] : []), ...items);
    this.node.hidden = this.node.childElementCount === 0;
    this.node.scrollTop = 0;
    this.#scrolled();
  }

  #item(query, { id, title, description, text, photo }) {
    const props = { type: "button", test: "inline-result", data: { id }, onclick: () => this.chosen(query, id) };
    const label = title || text || t("Picture");
    if (photo) return el("button.inline-photo", { ...props, title: label, "aria-label": label }, picture(photo.file_id, 240));
    const [mark] = title;
    return el(
      "button.inline-article",
      props,
      el("span.inline-mark", { "aria-hidden": "true" }, mark.toUpperCase()),
      el("span.inline-words", {}, el("b", {}, title), el("span", {}, description || text)),
    );
  }

  #button({ text, start_parameter: parameter, url }) {
    const props = { test: "inline-button" };
    if (url) return el("a.inline-button", { ...props, href: url, target: "_blank", rel: "noopener noreferrer" }, text);
    return el("button.inline-button", { ...props, type: "button", onclick: () => this.start(`/start ${parameter}`) }, text);
  }

  #scrolled() {
    const { node } = this;
    if (this.#next && node.scrollHeight - node.scrollTop - node.clientHeight < LOAD_MARGIN_PX) this.#ask(this.#next);
  }

  #inside(event) {
    const items = [...this.node.querySelectorAll("button, a")];
    const place = items.indexOf(document.activeElement) + (STEPS[event.key] ?? 0);
    if (event.key === "Escape") this.close();
    else if (!STEPS[event.key]) return;
    if (event.key === "Escape" || !items[place]) this.back();
    else items[place].focus();
    event.preventDefault();
  }
}
