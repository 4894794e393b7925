// One row of the conversation: a message, or the messages of one album, as a bubble with its buttons and reactions.

import { el, face, icon, tone } from "./dom.js";
import { moment, serviceWords, summary, time, writerOf } from "./format.js";
import { keyboard } from "./keyboard.js";
import { documentRow, photos, picture } from "./media.js";
import { drawPoll } from "./polls.js";
import { rich } from "./text.js";
import { drawThing } from "./things.js";
import { t } from "./words.js";

/**
 * Build the row of `messages` (one, or an album's, oldest first).
 * `view`: { person, group, topicName(id) or null, revealed: Set of "chat:message", actions }.
 */
export function row(messages, view) {
  const [head] = messages;
  if (head.service) return serviceRow(head);
  const captioned = messages.filter((message) => message.text);
  // Of an album, clients show one caption; where there are several, each is seen with its picture opened.
  const said = captioned.length > 1 ? { ...head, text: "" } : (captioned[0] ?? head);
  const own = writerOf(head) === view.person;
  const topic = view.topicName(head.topic);
  const shown = messages.filter((message) => message.photo);
  const files = messages.filter((message) => message.document);
  const foot = [...messages].reverse().find((message) => message.keyboard);
  const bubble = el("div.bubble");
  const thing = head.thing ? (head.thing.kind === "poll" ? drawPoll(head, view) : drawThing(head.thing)) : null;
  const media = shown.length ? photos(shown, mediaView(view, said.text || foot || head.reply_to)) : thing?.width ? thing : null;
  const words = said.text ? text(said, view) : (thing?.foot ?? null);
  const bare = media && !words && !files.length;
  const when = meta(messages, own);

  if (view.group && !own) bubble.append(author(head));
  if (head.only_for !== null) bubble.append(el("div.note", { test: "only-you" }, icon("eye"), t("Only you can see this")));
  if (head.via) bubble.append(el("div.note", { test: "via" }, `via @${head.via}`));
  if (topic) bubble.append(el("div.in-topic", { test: "in-topic" }, topic));
  if (head.reply_to) bubble.append(quote(head.reply_to, view));
  if (words && said.caption_above) bubble.append(words);
  if (media) bubble.append(media.node);
  else if (thing) bubble.append(thing.node);
  bubble.append(...files.map(documentRow));
  if (words && !words.parentElement && !said.caption_above) bubble.append(words);
  finish(bubble, { words, when, media, bare, above: said.caption_above, reactions: reactionsOf(messages), view });

  bubble.classList.toggle("with-media", Boolean(media));
  bubble.classList.toggle("bare", head.thing?.kind === "sticker");
  bubble.classList.toggle("tailless", Boolean(media) && bubble.lastElementChild === media.node);
  bubble.classList.toggle("headed", bubble.firstElementChild !== media?.node);
  const stack = el("div.stack", {}, bubble, foot ? keyboard(foot, view.actions) : null);
  if (media) stack.style.setProperty("--wide", `${media.width}px`);
  const line = el("div.line", {}, view.group && !own ? face(head.from, head.from.is_bot) : null, stack, more(head, view));
  return el(
    "li.row",
    { test: "message", data: { id: head.id, ids: messages.map((message) => message.id).join(" "), own, from: head.from.id } },
    line,
  );
}

/** A service message: a line in the middle. */
function serviceRow(message) {
  const { id, from } = message;
  const data = { id, ids: id, own: false, from: from.id };
  return el("li.row.notice", { test: "message", data }, el("span", { test: "service" }, serviceWords(message)));
}

function mediaView({ revealed, actions }, captioned) {
  return { captioned: Boolean(captioned), revealed, open: actions.open, reveal: actions.reveal };
}

function text(message, view) {
  return el("div.text", { test: "message-text", dir: "auto" }, rich(message.text, message.entities ?? [], view.actions));
}

/** Put the time where there is room for it: on the picture, after the words, or beside the reactions. */
function finish(bubble, { words, when, media, bare, above, reactions, view }) {
  if (reactions.length) {
    const pills = el("div.reactions", {}, reactions.map((reaction) => pill(reaction, view)));
    bubble.append(pills);
    if (!bare) return pills.append(when);
  }
  if (media && (bare || above)) return media.node.append(when);
  if (words) return words.append(when);
  return bubble.append(when);
}

function meta(messages, own) {
  const last = messages.at(-1);
  const edited = messages.some((message) => message.edited);
  return el(
    "span.meta",
    { title: t("{when} · message {id}", { when: moment(last.date), id: last.id }) },
    edited ? el("span", { test: "edited-mark" }, t("edited"), " ") : null,
    el("time", { datetime: new Date(last.date * 1000).toISOString() }, time(last.date)),
    own ? icon("ticks") : null,
  );
}

function author({ from }) {
  return el("div.who", { test: "author", data: { tone: tone(from) } }, from.name, from.is_bot ? el("span.bot-mark", {}, t("bot")) : null);
}

function quote(reply, view) {
  return el(
    "button.quote",
    { type: "button", test: "reply-quote", data: { id: reply.id }, "aria-label": t("In reply to {name}, go there", { name: reply.name }), onclick: () => view.actions.jump(reply.id) },
    reply.photo ? picture(reply.photo, 96) : null,
    el("span.quote-words", {}, el("span.quote-name", {}, reply.name), el("span.quote-text", {}, summary(reply))),
  );
}

/** One element for each emoji, with the people who reacted. */
function reactionsOf(messages) {
  const found = new Map();
  for (const { emoji, by } of messages.flatMap((message) => message.reactions ?? [])) {
    found.set(emoji, [...(found.get(emoji) ?? []), by]);
  }
  return [...found].map(([emoji, people]) => ({ emoji, people: [...new Set(people)] }));
}

function pill({ emoji, people }, view) {
  const names = people.map((id) => view.nameOf(id));
  const chosen = people.includes(view.person);
  return el(
    chosen ? "span.reaction.chosen" : "span.reaction",
    { test: "reaction", data: { emoji }, title: names.join(", "), role: "img", "aria-label": t("{emoji} by {names}", { emoji, names: names.join(", ") }) },
    el("span.emoji", {}, emoji),
    people.length > 1 ? String(people.length) : null,
  );
}

function more(head, view) {
  return el(
    "button.more",
    { type: "button", test: "message-menu", "aria-label": t("Reply, copy and more"), "aria-haspopup": "menu", onclick: (event) => view.actions.menu(event, head) },
    icon("more"),
  );
}
