// The list of the bot's commands over the composer, filtered by the text after "/".

import { el } from "./dom.js";

/** Shows the commands that begin with what is typed. `pick(command)` is called with the chosen one. */
export class CommandMenu {
  #chosen = -1;
  #shown = [];

  constructor(node, pick) {
    this.node = node;
    this.pick = pick;
  }

  get open() {
    return !this.node.hidden;
  }

  /** Update it for a text: it is open while the text begins a command. */
  update(typed, commands) {
    const match = /^\/(\w*)$/u.exec(typed);
    this.#shown = match ? commands.filter(({ command }) => command.startsWith(match[1].toLowerCase())) : [];
    this.#chosen = -1;
    this.node.hidden = this.#shown.length === 0;
    this.#draw();
  }

  close() {
    this.node.hidden = true;
    this.#chosen = -1;
  }

  /** Handle a key of the composer. Returns whether it was for the menu. Enter sends, unless one was chosen by arrows. */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#move(step);
    else if (event.key === "Tab" && !event.shiftKey) this.pick(this.#shown[Math.max(this.#chosen, 0)].command);
    else if (event.key === "Enter" && this.#chosen >= 0) this.pick(this.#shown[this.#chosen].command);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  #move(step) {
    const count = this.#shown.length;
    this.#chosen = this.#chosen < 0 && step < 0 ? count - 1 : (this.#chosen + step + count) % count;
    this.#draw();
  }

  #draw() {
    const items = this.#shown.map(({ command, description }, index) =>
      el(
        "button",
        { type: "button", role: "option", tabindex: "-1", test: "command", data: { command }, "aria-selected": String(index === this.#chosen), onclick: () => this.pick(command) },
        el("b", {}, `/${command}`),
        el("span", {}, description),
      ),
    );
    this.node.replaceChildren(...items);
    items[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }
}
