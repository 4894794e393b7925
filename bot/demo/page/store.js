// The page's state: people, chats, the open chat, messages and calls. Views listen and draw.

import { writerOf } from "./format.js";

// As many calls as the simulators keep.
const MAX_CALLS = 1000;

/** The only owner of the page's state. Events: world, place, messages, message, edited, deleted, draft, action, answer, calls, call, unread, online. */
export class Store {
  world = null;
  person = null;
  chat = null;
  topic = null;
  online = false;
  calls = [];
  #listeners = new Map();
  #messages = new Map();
  #unread = new Map();
  #drafts = new Map();

  on(kind, listener) {
    this.#listeners.set(kind, [...(this.#listeners.get(kind) ?? []), listener]);
  }

  emit(kind, detail) {
    for (const listener of this.#listeners.get(kind) ?? []) listener(detail);
  }

  /** The messages of a chat by id, oldest first. */
  messages(chat) {
    return this.#messages.get(chat) ?? new Map();
  }

  /** The last message of a chat that the person sees, or undefined. */
  last(chat) {
    let last;
    for (const message of this.messages(chat).values()) if (this.sees(message)) last = message;
    return last;
  }

  /** Whether a person sees a message; ephemeral ones are for one member only. */
  sees(message, person = this.person) {
    return message.only_for === null || message.only_for === person;
  }

  /** The bot's unfinished message in a chat, or null. */
  draft(chat) {
    return this.#drafts.get(chat)?.draft ?? null;
  }

  setDraft(chat, draft) {
    clearTimeout(this.#drafts.get(chat)?.timer);
    this.#drafts.delete(chat);
    if (draft) this.#drafts.set(chat, { draft, timer: setTimeout(() => this.setDraft(chat, null), draft.left * 1000) });
    this.emit("draft", chat);
  }

  chatOf(id) {
    return this.world.chats.find((chat) => chat.id === id);
  }

  personOf(id) {
    return this.world.people.find((person) => person.id === id);
  }

  /** The chats a person sees: their own with the bot, and the groups they are in; last those that moved away. */
  chatsOf(person) {
    const theirs = this.world.chats.filter((chat) => (chat.type === "private" ? chat.person === person : chat.members.includes(person)));
    return theirs.sort((a, b) => (a.migrated_to !== null) - (b.migrated_to !== null));
  }

  /** The bot's name and description in the person's language. */
  get profile() {
    return this.world.profiles[this.person] ?? { name: this.world.bot.name, description: "" };
  }

  /** Whether the person is an admin of the open group or channel. */
  get isAdmin() {
    const chat = this.chatOf(this.chat);
    return Boolean(chat) && chat.type !== "private" && chat.admins.includes(this.person);
  }

  /** The title of a chat: a private chat has the bot's name. */
  titleOf(chat) {
    return chat.type === "private" ? this.profile.name : chat.title;
  }

  unread(person, chat) {
    return this.#unread.get(`${person}:${chat}`) ?? 0;
  }

  setOnline(online) {
    this.online = online;
    this.emit("online");
  }

  /** Replace the world by the server's. The open chat may have moved, and the open topic may be gone. */
  setWorld(world) {
    const before = this.world && this.chatOf(this.chat);
    this.world = world;
    this.emit("world");
    const now = before && this.chatOf(before.id);
    if (!now) return;
    if (now.migrated_to !== null && before.migrated_to === null) this.go({ chat: now.migrated_to });
    else if (this.topic !== null && !now.topics.some(({ id }) => id === this.topic)) this.go({});
  }

  setCalls(calls) {
    this.calls = calls;
    this.emit("calls");
  }

  /** Replace the messages by the server's. Notifies the views only of a difference. */
  setMessages(chat, list) {
    const before = JSON.stringify([...this.messages(chat).values()]);
    this.#messages.set(chat, new Map(list.map((message) => [message.id, message])));
    if (before !== JSON.stringify(list)) this.emit("messages", chat);
  }

  /** Go to a person's chat, or to another one if it doesn't exist. */
  go({ person = this.person, chat = this.chat, topic = null }) {
    this.person = this.personOf(person) ? person : this.world.people[0].id;
    const chats = this.chatsOf(this.person);
    const found = chats.find((entry) => entry.id === chat) ?? chats[0];
    this.chat = found?.id ?? null;
    this.topic = found?.topics.some((entry) => entry.id === topic) ? topic : null;
    this.read();
    this.emit("place");
  }

  /** Mark the open chat as read. */
  read() {
    this.#unread.delete(`${this.person}:${this.chat}`);
    this.emit("unread");
  }

  /** Apply one event of the stream. */
  apply(event) {
    if (event.kind === "message") this.#add(event.message);
    else if (event.kind === "edited") this.#change(event.message);
    else if (event.kind === "reaction") this.#react(event);
    else if (event.kind === "deleted") this.#remove(event);
    else if (event.kind === "draft") this.setDraft(event.chat, event.draft);
    else if (event.kind === "call") this.#called(event.call);
    else this.emit(event.kind, event);
  }

  #add(message) {
    const known = this.messages(message.chat);
    // A known message can only be newer here: its changes are events of their own.
    if (known.has(message.id)) return;
    const late = ([...known.keys()].at(-1) ?? -Infinity) > message.id;
    known.set(message.id, message);
    const sorted = late ? new Map([...known].sort(([a], [b]) => a - b)) : known;
    this.#messages.set(message.chat, sorted);
    this.#count(message);
    this.emit("message", message);
  }

  #change(message) {
    const known = this.messages(message.chat);
    if (!known.has(message.id)) return;
    known.set(message.id, message);
    this.emit("edited", message);
  }

  #react({ chat, id, reactions }) {
    const message = this.messages(chat).get(id);
    if (message) this.#change({ ...message, reactions });
  }

  #remove({ chat, ids }) {
    for (const id of ids) this.messages(chat).delete(id);
    this.emit("deleted", { chat, ids });
  }

  #called(call) {
    if (this.calls.length && this.calls.at(-1).n >= call.n) return;
    this.calls.push(call);
    if (this.calls.length > MAX_CALLS) this.calls.shift();
    this.emit("call", call);
  }

  #count(message) {
    for (const person of this.world.people) {
      const here = person.id === this.person && message.chat === this.chat && !document.hidden;
      const theirs = this.chatsOf(person.id).some((chat) => chat.id === message.chat);
      if (here || !theirs || !this.sees(message, person.id) || writerOf(message) === person.id) continue;
      this.#unread.set(`${person.id}:${message.chat}`, this.unread(person.id, message.chat) + 1);
    }
    this.emit("unread");
  }
}
