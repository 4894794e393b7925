// The composer: text, pictures, a reply, commands. One draft for each person and chat.

import * as api from "./api.js";
import { Attachments, watchDrops } from "./attachments.js";
import { CommandMenu } from "./commands.js";
import { el, icon } from "./dom.js";
import { summary } from "./format.js";
import { InlinePanel } from "./inline.js";
import { picture } from "./media.js";
import { openAttachMenu } from "./things.js";
import { t, w } from "./words.js";

const MAX_HEIGHT = 150;

/** Builds the composer into `form`. `say(sentence)` shows an error to the person. */
export class Composer {
  #drafts = new Map();
  #place = null;
  #reply = null;
  #edited = null;
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
    store.on("deleted", ({ ids }) => [this.#reply, this.#edited].some((message) => message && ids.includes(message.id)) && this.#plain());
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
    if (this.#edited) this.#plain();
    this.#reply = message;
    this.#drawBar();
    if (message) this.box.focus();
  }

  /** Change the words of a message, which are put into the input field. */
  edit(message) {
    this.#reply = null;
    this.#edited = message;
    this.#drawBar();
    this.fill(message.text ?? "");
  }

  attach(files) {
    this.attachments.add(files);
    this.box.focus();
  }

  #build(form) {
    this.list = el("div.commands", { role: "listbox", tabindex: "0", test: "command-menu", fixed: { "aria-label": w("Commands") }, hidden: true });
    this.results = el("div.inline", { role: "region", test: "inline-results", fixed: { "aria-label": w("Results") }, hidden: true });
    this.bar = el("div.reply-bar", { test: "reply-bar", hidden: true });
    this.tray = el("div.tray", { test: "attachments", hidden: true });
    this.box = el("textarea", { rows: "1", test: "composer", fixed: { placeholder: w("Message"), "aria-label": w("Message") }, enterkeyhint: "send", autocomplete: "off" });
    this.input = el("input", { type: "file", multiple: true, hidden: true, test: "file-input", fixed: { "aria-label": w("Pictures to send") }, tabindex: "-1" });
    const attach = el("button.tool", { type: "button", test: "attach", fixed: { "aria-label": w("Attach"), title: w("Attach") }, "aria-haspopup": "menu", onclick: () => this.#attachTo(attach) }, icon("attach"));
    const slash = el("button.tool", { type: "button", test: "commands", fixed: { "aria-label": w("Commands"), title: w("Commands") }, onclick: () => this.#toggleMenu() }, icon("command"));
    this.button = el("button.send", { type: "submit", test: "send", fixed: { "aria-label": w("Send"), title: w("Send") } }, icon("send"));
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
    } else if (event.key === "Escape") this.#plain();
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
    this.button.disabled = !this.box.value.trim() && !this.attachments.count && !this.#edited?.photo;
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
    const plain = here?.anonymous.includes(person) ? t("Message as {title}", here) : t("Message");
    this.box.placeholder = this.#reply?.force_reply?.placeholder ?? plain;
  }

  /** Neither a reply nor an edit. */
  #plain() {
    const wasEdited = this.#edited;
    this.#reply = this.#edited = null;
    this.#drawBar();
    if (wasEdited) this.fill("");
  }

  #drawBar() {
    const message = this.#edited ?? this.#reply;
    this.bar.hidden = !message;
    this.#hint();
    if (!message) return this.bar.replaceChildren();
    this.bar.replaceChildren(
      icon(this.#edited ? "pencil" : "reply"),
      message.photo ? picture(message.photo.file_id, 96) : "",
      el("div.quote-words", {}, el("span.quote-name", {}, this.#edited ? t("Edit the message") : t("Reply to {name}", message.from)), el("span.quote-text", {}, summary(message))),
      el("button.tool", { type: "button", test: "reply-cancel", "aria-label": this.#edited ? t("Don't edit") : t("Don't reply"), onclick: () => this.#plain() }, icon("close")),
    );
  }

  /** Switch to another person or chat: keep this draft, restore the other one. */
  #moved() {
    const { person, chat } = this.store;
    const place = `${person}:${chat}`;
    if (place === this.#place) return;
    this.#drafts.set(this.#place, this.#edited ? "" : this.box.value);
    this.#edited = null;
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

  #change(text) {
    const { id, chat } = this.#edited;
    this.#plain();
    api.edit(this.store.person, chat, id, text).catch((error) => this.say(error.message));
  }

  #submit() {
    const text = this.box.value.trim();
    if (this.#edited) return this.#change(text);
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
