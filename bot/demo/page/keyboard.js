// The buttons under a message, and the presses that wait for an answer.

import * as api from "./api.js";
import { el, icon } from "./dom.js";
import { safeUrl } from "./links.js";
import { t } from "./words.js";

// Telegram's apps stop the button's spinner by themselves when the bot stays silent.
const ANSWER_TIMEOUT_MS = 15_000;

/** The presses without an answer yet. The answer names the person and the chat only, so the oldest such press is the one answered. */
export class Presses {
  #waiting = new Map();
  #changed;
  #failed;

  /** `changed(key)` redraws a button, `failed(sentence)` tells the person. */
  constructor(changed, failed) {
    this.#changed = changed;
    this.#failed = failed;
  }

  has(key) {
    return this.#waiting.has(key);
  }

  async press(person, message, data) {
    const { chat, id } = message;
    const key = keyOf(message, data);
    if (this.has(key)) return;
    this.#waiting.set(key, { person, chat, timer: setTimeout(() => this.#done(key), ANSWER_TIMEOUT_MS) });
    this.#changed(key);
    try {
      await api.press(person, chat, id, data);
    } catch (error) {
      this.#done(key);
      this.#failed(error.message);
    }
  }

  answered({ person, chat }) {
    for (const [key, press] of this.#waiting) {
      if (press.person === person && press.chat === chat) return this.#done(key);
    }
  }

  #done(key) {
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
    this.#changed(key);
  }
}

// Message ids are unique only within a chat.
const keyOf = ({ chat, id }, data) => `${chat}:${id}:${data}`;

/** The rows of buttons of a message. `actions`: press(message, data), copy(text), startOf(url), start(words), ask(query), `presses`. */
export function keyboard(message, actions) {
  const rows = message.keyboard.map((row) =>
    el("div.keys", { test: "keyboard-row" }, row.map((button) => key(message, button, actions))),
  );
  const keys = JSON.stringify([message.id, message.keyboard]);
  return el("div.keyboard", { test: "keyboard", role: "group", data: { keys }, "aria-label": t("Buttons of this message") }, rows);
}

function key(message, button, actions) {
  const props = { test: "keyboard-button", data: { style: button.style ?? "", kind: kindOf(button) }, title: button.url ?? null };
  const words = el("span.key-text", {}, button.text);
  const start = button.url && !button.disabled ? actions.startOf(button.url) : null;
  if (start === null && button.url && safeUrl(button.url) && !button.disabled) {
    return el("a.key", { ...props, href: button.url, target: "_blank", rel: "noopener noreferrer" }, words, corner("link"));
  }
  const node = el("button.key", { ...props, type: "button", disabled: Boolean(button.disabled) }, words);
  if (start !== null) {
    node.append(corner("link"));
    node.addEventListener("click", () => actions.start(start));
  } else if (button.inline !== undefined) {
    node.append(corner("search"));
    node.addEventListener("click", () => actions.ask(button.inline));
  } else if (button.copy !== undefined && button.copy !== null) {
    node.append(corner("copy"));
    node.addEventListener("click", () => actions.copy(button.copy));
  } else if (button.data !== undefined && button.data !== null) {
    node.dataset.key = keyOf(message, button.data);
    node.dataset.data = button.data;
    node.append(el("span.spinner", {}));
    node.setAttribute("aria-busy", String(actions.presses.has(node.dataset.key)));
    node.addEventListener("click", () => actions.press(message, button.data));
  }
  return node;
}

const kindOf = (button) => (button.url ? "url" : button.copy ? "copy" : button.inline === undefined ? "data" : "inline");
const corner = (name) => el("span.corner", {}, icon(name));
