// The conversation: draws the last rows of a chat, more of them on scrolling up, and keeps the scroll position.

import { row } from "./bubble.js";
import { writerOf } from "./format.js";
import { placeRow, rowOf, rowsOf } from "./rows.js";
import { t } from "./words.js";

const PAGE_ROWS = 60;
const NEAR_END_PX = 140;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const glide = () => (calm.matches ? "instant" : "smooth");

/** Draws the open chat of the store into `list` inside `scroller`. `actions`: for the bubbles. */
export class Timeline {
  #rows = [];
  #nodes = new Map();
  #start = 0;
  #stuck = true;
  #missed = 0;
  #revealed = new Set();

  /** `parts`: { scroller, list, jump, empty(isEmpty) }. */
  constructor(store, parts, actions) {
    this.store = store;
    this.parts = parts;
    this.actions = { ...actions, jump: (id) => this.jump(id), reveal: (message) => this.#reveal(message) };
    parts.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    parts.jump.addEventListener("click", () => this.bottom(true));
    // Content and window grow for many reasons (an edit, the keyboard of a phone): a reader at the end stays there.
    const grown = new ResizeObserver(() => this.#stuck && this.bottom());
    grown.observe(parts.list);
    grown.observe(parts.scroller);
    store.on("place", () => this.draw());
    store.on("messages", (chat) => chat === store.chat && this.draw());
    store.on("message", (message) => this.#shows(message) && this.#add(message));
    store.on("edited", (message) => this.#shows(message) && this.#edit(message));
    store.on("deleted", ({ chat, ids }) => chat === store.chat && this.#remove(new Set(ids)));
  }

  /** Redraw the chat at its end. */
  draw() {
    const { store, parts } = this;
    this.#rows = rowsOf([...store.messages(store.chat).values()].filter((message) => this.#shows(message)));
    this.#start = Math.max(0, this.#rows.length - PAGE_ROWS);
    this.#nodes.clear();
    parts.list.replaceChildren(...this.#rows.slice(this.#start).map((entry) => this.#build(entry)));
    for (let index = this.#start; index < this.#rows.length; index++) this.#place(index);
    parts.empty(this.#rows.length === 0);
    this.bottom();
  }

  /** Go to the end; `smooth` when a person asked for it. */
  bottom(smooth = false) {
    const { scroller } = this.parts;
    this.#stuck = true;
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth ? glide() : "instant" });
    this.#seen();
  }

  /** Show a message and flash it. */
  jump(id) {
    const index = this.#rows.findIndex((entry) => entry.messages.some((message) => message.id === id));
    if (index < 0) return this.actions.toast(t("This message is no longer here."));
    if (index < this.#start) this.#older(this.#start - index + 8);
    const node = this.#nodes.get(this.#rows[index].key);
    this.#stuck = false;
    node.scrollIntoView({ block: "center", behavior: glide() });
    node.classList.remove("flash");
    requestAnimationFrame(() => node.classList.add("flash"));
    node.addEventListener("animationend", () => node.classList.remove("flash"), { once: true });
  }

  /** The photos of the chat in order, for the viewer. */
  photos() {
    return this.#rows.flatMap((entry) => entry.messages).filter((message) => message.photo);
  }

  #shows(message) {
    const { chat, topic } = this.store;
    return message.chat === chat && this.store.sees(message) && (topic === null || message.topic === topic);
  }

  #view() {
    const { store } = this;
    const chat = store.chatOf(store.chat);
    const group = chat?.type !== "private";
    // In a topic all messages are of that topic.
    const topicName = (id) => (store.topic === null && chat?.topics.find((topic) => topic.id === id)?.name) || null;
    const nameOf = (id) => (id === store.world.bot.id ? store.world.bot.name : (store.personOf(id)?.name ?? String(id)));
    return { person: store.person, group, topicName, nameOf, revealed: this.#revealed, actions: this.actions };
  }

  #build(entry) {
    const node = row(entry.messages, this.#view());
    this.#nodes.set(entry.key, node);
    return node;
  }

  #place(index) {
    const entry = this.#rows[index];
    const node = entry && this.#nodes.get(entry.key);
    if (node) placeRow(node, entry, this.#rows[index - 1], this.#rows[index + 1]);
  }

  #add(message) {
    const known = rowOf(this.#rows, message);
    const latest = this.#rows.at(-1)?.messages.at(-1).id ?? -Infinity;
    if (known) {
      known.messages = [...known.messages, message].sort((a, b) => a.id - b.id);
      return this.#redraw(known);
    }
    if (message.id < latest) return this.draw();
    const entry = rowsOf([message])[0];
    this.#rows.push(entry);
    const node = this.#build(entry);
    node.classList.add("enter");
    this.parts.empty(false);
    this.parts.list.append(node);
    this.#place(this.#rows.length - 2);
    this.#place(this.#rows.length - 1);
    if (this.#stuck || writerOf(message) === this.store.person) this.bottom();
    else this.#seen(this.#missed + 1);
  }

  #edit(message) {
    const entry = rowOf(this.#rows, message);
    if (!entry) return this.draw();
    const before = entry.messages.find(({ id }) => id === message.id);
    entry.messages = entry.messages.map((known) => (known.id === message.id ? message : known));
    this.#redraw(entry, before.text !== message.text || before.photo?.file_id !== message.photo?.file_id);
  }

  /** Redraw a row in its place. Unchanged pictures are kept, so that they don't flicker; so is the focus. */
  #redraw(entry, changed = false) {
    const old = this.#nodes.get(entry.key);
    if (!old) return;
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.data : undefined;
    const kept = new Map([...old.querySelectorAll("img.loaded")].map((image) => [image.dataset.picture, image]));
    this.#keepPlace(() => {
      const fresh = this.#build(entry);
      for (const image of fresh.querySelectorAll("img.picture")) {
        if (kept.has(image.dataset.picture)) image.replaceWith(kept.get(image.dataset.picture));
      }
      const node = swapped(old, fresh);
      this.#nodes.set(entry.key, node);
      node.classList.toggle("changed", changed);
      this.#place(this.#rows.indexOf(entry));
      if (focused !== undefined) node.querySelector(`[data-data="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    });
  }

  #remove(ids) {
    const gone = [];
    for (const entry of this.#rows) {
      if (!entry.messages.some(({ id }) => ids.has(id))) continue;
      const left = entry.messages.filter(({ id }) => !ids.has(id));
      if (!left.length) {
        gone.push(entry);
        continue;
      }
      entry.messages = left;
      this.#redraw(entry);
    }
    for (const entry of gone) this.#drop(entry);
    this.parts.empty(this.#rows.length === 0);
  }

  #drop(entry) {
    const index = this.#rows.indexOf(entry);
    const node = this.#nodes.get(entry.key);
    this.#rows.splice(index, 1);
    this.#nodes.delete(entry.key);
    if (index < this.#start) this.#start -= 1;
    this.#keepPlace(() => node?.remove());
    this.#place(index - 1);
    this.#place(index);
  }

  #reveal(message) {
    this.#revealed.add(`${message.chat}:${message.id}`);
    this.#redraw(rowOf(this.#rows, message));
  }

  #older(count = PAGE_ROWS) {
    const start = Math.max(0, this.#start - count);
    const added = this.#rows.slice(start, this.#start);
    this.#keepPlace(() => {
      this.parts.list.prepend(...added.map((entry) => this.#build(entry)));
      const until = this.#start;
      this.#start = start;
      for (let index = start; index <= until; index++) this.#place(index);
    });
  }

  /** Change something without moving the visible messages. */
  #keepPlace(change) {
    const { scroller } = this.parts;
    const box = scroller.getBoundingClientRect();
    const anchor = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest(".row");
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (this.#stuck) return this.bottom();
    if (anchor?.isConnected) scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  #scrolled() {
    const { scroller } = this.parts;
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    this.#stuck = left < NEAR_END_PX;
    if (this.#stuck) this.#seen();
    else this.parts.jump.hidden = false;
    if (scroller.scrollTop < 600 && this.#start > 0) this.#older();
  }

  #seen(missed = 0) {
    const { jump } = this.parts;
    this.#missed = missed;
    jump.hidden = this.#stuck;
    jump.dataset.missed = missed || "";
  }
}

/** Put `fresh` in the place of `old`, and return what stands there: buttons that stay the same are left as they are,
 * since a button that is swapped while it is being pressed loses the press. */
function swapped(old, fresh) {
  const keys = (node) => node.querySelector(".keyboard")?.dataset.keys;
  if (!keys(old) || keys(old) !== keys(fresh)) {
    old.replaceWith(fresh);
    return fresh;
  }
  old.querySelector(".stack").style.cssText = fresh.querySelector(".stack").style.cssText;
  for (const part of [".bubble", ".more"]) old.querySelector(part).replaceWith(fresh.querySelector(part));
  return old;
}
