// The composer: text, pictures, a reply, commands. One draft for each person and chat.

import * as api from "./api.js";
import { Attachments, watchDrops } from "./attachments.js";
import { CommandMenu } from "./commands.js";
import { el, icon } from "./dom.js";
import { summary } from "./format.js";
import { InlinePanel } from "./inline.js";
import { picture } from "./media.js";
import { openAttachMenu } from "./things.js";

const MAX_HEIGHT = 150;

/** Builds the composer into `form`. `say(sentence)` shows an error to the person. */
export class Composer {
  #drafts = new Map();
  #place = null;
  #reply = null;
  #sending = Promise.resolve();

  constructor(store, form, { drop, say }) {
    this.store = store;
    this.say = say;
    this.#build(form);
    this.attachments = new Attachments(this.tray, { changed: () => this.#update(), say });
    this.menu = new CommandMenu(this.list, (command) => this.fill(`/${command} `));
    this.inline = new InlinePanel(store, this.results, {
      chosen: (query, result) => this.#choose(query, result),
      start: (words) => this.start(words),
      back: () => this.box.focus(),
    });
    form.addEventListener("submit", (event) => (event.preventDefault(), this.#submit()));
    // On the whole window: a picture dropped beside the phone would replace the page.
    watchDrops(document.body, drop, (files) => this.attach(files));
    store.on("place", () => this.#moved());
    store.on("world", () => (this.#hint(), this.#update()));
    store.on("message", (message) => message.chat === store.chat && this.#askedBy(message) && this.reply(message));
    store.on("deleted", ({ ids }) => this.#reply && ids.includes(this.#reply.id) && this.reply(null));
  }

  /** Put a text into the input field. */
  fill(text) {
    this.box.value = text;
    this.box.focus();
    this.box.setSelectionRange(text.length, text.length);
    this.#update();
  }

  /** Send a text at once, as a click on a command does. */
  sendNow(text) {
    this.#post({ text, files: [], reply: null });
  }

  /** Go to the private chat with the bot and say `words` there, as links to the bot do; "" says nothing. */
  start(words) {
    const { store } = this;
    store.go({ chat: store.chatsOf(store.person).find(({ type }) => type === "private").id });
    if (words) this.sendNow(words);
  }

  /** Ask the bot from here, as a button for it does. */
  ask(query) {
    this.fill(`@${this.store.world.bot.username} ${query}`);
  }

  /** Answer a message, or (null) none. */
  reply(message) {
    this.#reply = message;
    this.#drawReply();
    if (message) this.box.focus();
  }

  attach(files) {
    this.attachments.add(files);
    this.box.focus();
  }

  #build(form) {
    this.list = el("div.commands", { role: "listbox", test: "command-menu", "aria-label": "Commands", hidden: true });
    this.results = el("div.inline", { role: "region", test: "inline-results", "aria-label": "Results", hidden: true });
    this.bar = el("div.reply-bar", { test: "reply-bar", hidden: true });
    this.tray = el("div.tray", { test: "attachments", hidden: true });
    this.box = el("textarea", { rows: "1", test: "composer", placeholder: "Message", "aria-label": "Message", enterkeyhint: "send", autocomplete: "off" });
    this.input = el("input", { type: "file", multiple: true, hidden: true, test: "file-input", "aria-label": "Pictures to send", tabindex: "-1" });
    const attach = el("button.tool", { type: "button", test: "attach", "aria-label": "Attach", title: "Attach", "aria-haspopup": "menu", onclick: () => this.#attachTo(attach) }, icon("attach"));
    const slash = el("button.tool", { type: "button", test: "commands", "aria-label": "Commands", title: "Commands", onclick: () => this.#toggleMenu() }, icon("command"));
    this.button = el("button.send", { type: "submit", test: "send", "aria-label": "Send", title: "Send" }, icon("send"));
    form.append(this.list, this.results, this.bar, this.tray, el("div.write", {}, attach, this.input, el("div.field", {}, this.box, slash), this.button));
    this.input.addEventListener("change", () => {
      this.attach([...this.input.files]);
      this.input.value = "";
    });
    this.box.addEventListener("input", () => this.#update());
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      this.attach([...event.clipboardData.files]);
    });
  }

  /** The menu of attachments. */
  #attachTo(button) {
    openAttachMenu(button, { pick: () => this.input.click(), send: (kind) => this.#sendThing(kind) });
  }

  /** Send a sticker or the like at once; the text in the field stays, but in a voice message it is said. */
  #sendThing(kind) {
    const { person, chat, topic } = this.store;
    const fields = { person, chat, topic, thing: kind, said: kind === "voice" ? this.box.value.trim() : null, reply_to: this.#reply?.id ?? null };
    if (fields.said) this.fill("");
    this.reply(null);
    this.#queue(() => api.send(fields)).catch((error) => this.say(error.message));
  }

  #key(event) {
    // Enter also ends a word in an input method; that one does not send.
    if (event.isComposing || this.menu.key(event) || this.inline.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Escape") this.reply(null);
  }

  #toggleMenu() {
    if (this.menu.open) return this.menu.close();
    this.box.focus();
    if (this.box.value.trim()) return this.menu.update("/", this.#commands());
    this.fill("/");
  }

  #commands() {
    const { world, person, chat } = this.store;
    return world?.commands[chat]?.[person] ?? [];
  }

  #update() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, MAX_HEIGHT)}px`;
    this.button.disabled = !this.box.value.trim() && !this.attachments.count;
    this.menu.update(this.box.value, this.#commands());
    this.inline.update(this.box.value);
  }

  /** Whether a message demands a reply from this person. */
  #askedBy(message) {
    const { person, world } = this.store;
    const asked = message?.force_reply?.asked;
    return asked !== undefined && message.from.id === world.bot.id && this.store.sees(message) && (asked === null || asked.includes(person));
  }

  /** The placeholder: the bot's hint for a reply it demands, else the name of the author. */
  #hint() {
    const { person, chat } = this.store;
    const here = this.store.chatOf(chat);
    const plain = here?.anonymous.includes(person) ? `Message as ${here.title}` : "Message";
    this.box.placeholder = this.#reply?.force_reply?.placeholder ?? plain;
  }

  #drawReply() {
    const message = this.#reply;
    this.bar.hidden = !message;
    this.#hint();
    if (!message) return this.bar.replaceChildren();
    this.bar.replaceChildren(
      icon("reply"),
      message.photo ? picture(message.photo.file_id, 96) : "",
      el("div.quote-words", {}, el("span.quote-name", {}, `Reply to ${message.from.name}`), el("span.quote-text", {}, summary(message))),
      el("button.tool", { type: "button", test: "reply-cancel", "aria-label": "Don't reply", onclick: () => this.reply(null) }, icon("close")),
    );
  }

  /** Switch to another person or chat: keep this draft, restore the other one. */
  #moved() {
    const { person, chat } = this.store;
    const place = `${person}:${chat}`;
    if (place === this.#place) return;
    this.#drafts.set(this.#place, this.box.value);
    this.#place = place;
    this.box.value = this.#drafts.get(place) ?? "";
    this.attachments.take();
    const last = this.store.last(chat);
    this.reply(this.#askedBy(last) ? last : null);
    this.inline.update("");
    this.#update();
  }

  /** Send an inline result like any message. */
  #choose(query, result) {
    const { person, topic } = this.store;
    const fields = { person, query, result, topic, reply_to: this.#reply?.id ?? null };
    this.fill("");
    this.reply(null);
    this.#queue(() => api.choose(fields)).catch((error) => this.say(error.message));
  }

  /** Messages are sent one after another, in the order they were written. */
  #queue(send) {
    const sent = this.#sending.then(send).then(({ messages }) => messages.forEach((message) => this.store.apply({ kind: "message", message })));
    this.#sending = sent.catch(() => {});
    return sent;
  }

  #submit() {
    const text = this.box.value.trim();
    if (!text && !this.attachments.count) return;
    const { files, asDocument } = this.attachments.take();
    const draft = { text, files, asDocument, reply: this.#reply };
    this.box.value = "";
    this.reply(null);
    this.#update();
    this.#post(draft);
  }

  /** Restore a message that could not be sent. */
  #post({ text, files, asDocument = false, reply }) {
    const { person, chat, topic } = this.store;
    const fields = { person, chat, text, topic, reply_to: reply?.id ?? null, as_document: asDocument ? "1" : null, files };
    this.#queue(() => api.send(fields)).catch((error) => {
      this.say(error.message);
      if (this.box.value || this.attachments.count || this.store.chat !== chat) return;
      this.fill(text);
      if (files.length) this.attach(files);
      this.reply(reply);
    });
  }
}
