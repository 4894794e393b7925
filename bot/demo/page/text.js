// Message text with its entities, as elements. Offsets are in UTF-16 units, as JavaScript counts them too.
// https://core.telegram.org/bots/api#messageentity

import { el } from "./dom.js";
import { safeUrl } from "./links.js";
import { t } from "./words.js";

const BAR = /[█▓▰■▮●━⬛🟩🟦]*[░▒▱□▯○─⬜]*/gu;
const EMPTY = /[░▒▱□▯○─⬜]/u;

const PLAIN = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  mention: "span.mention",
  text_mention: "span.mention",
  hashtag: "span.mention",
  cashtag: "span.mention",
};

/**
 * The text as a list of nodes. Entities may be nested; one that sticks out of its parent is cut in two.
 * `actions`: command(text) for a click on a command, startOf(url) and start(words) for links to the bot itself,
 * placeOf(url) and go(place) for those to a chat.
 */
export function rich(text, entities, actions) {
  const sorted = entities
    .map(({ offset, length, ...rest }) => ({ ...rest, start: offset, end: Math.min(offset + length, text.length) }))
    .filter((entity) => entity.end > entity.start)
    .sort((a, b) => a.start - b.start || b.end - a.end);
  return nodes(text, 0, text.length, sorted, actions);
}

function nodes(text, from, to, entities, actions) {
  const out = [];
  const waiting = [...entities];
  let place = from;
  while (waiting.length) {
    const entity = waiting.shift();
    const inside = [];
    while (waiting.length && waiting[0].start < entity.end) inside.push(waiting.shift());
    const beyond = inside.filter((entry) => entry.end > entity.end).map((entry) => ({ ...entry, start: entity.end }));
    waiting.unshift(...beyond);
    out.push(...words(text.slice(place, entity.start)));
    const kept = inside.map((entry) => ({ ...entry, end: Math.min(entry.end, entity.end) }));
    out.push(dress(entity, text.slice(entity.start, entity.end), nodes(text, entity.start, entity.end, kept, actions), actions));
    place = entity.end;
  }
  out.push(...words(text.slice(place, to)));
  return tidy(out);
}

/** Plain text; a progress bar of block characters gets an element of its own. */
function words(text) {
  const out = [];
  let place = 0;
  for (const match of text.matchAll(BAR)) {
    if ([...match[0]].length < 5) continue;
    const split = match[0].search(EMPTY);
    const done = split < 0 ? match[0] : match[0].slice(0, split);
    if (match.index > place) out.push(text.slice(place, match.index));
    out.push(el("span.bar", { test: "bar" }, steps(done, "i.done"), steps(match[0].slice(done.length), "i")));
    place = match.index + match[0].length;
  }
  if (place < text.length) out.push(text.slice(place));
  return out;
}

/** Fonts draw these characters in different widths or not at all, so each gets a box of its own. */
const steps = (characters, spec) => [...characters].map((character) => el(spec, {}, character));

/** A block stands on lines of its own, so the line breaks around it would show as empty lines. */
function tidy(list) {
  const isBlock = (node) => node instanceof HTMLElement && node.classList.contains("block");
  return list.map((node, index) => {
    if (typeof node !== "string") return node;
    let text = node;
    if (isBlock(list[index - 1])) text = text.replace(/^\n/u, "");
    if (isBlock(list[index + 1])) text = text.replace(/\n$/u, "");
    return text;
  });
}

function dress(entity, raw, children, actions) {
  if (Object.hasOwn(PLAIN, entity.type)) return el(PLAIN[entity.type], {}, children);
  switch (entity.type) {
    case "bot_command":
      return el("button.command", { type: "button", test: "command-link", onclick: () => actions.command(raw) }, children);
    case "url":
      return link(raw.includes("://") ? raw : `https://${raw}`, children, actions);
    case "text_link":
      return link(entity.url, children, actions);
    case "email":
      return link(`mailto:${raw}`, children, actions);
    case "phone_number":
      return link(`tel:${raw}`, children, actions);
    case "spoiler":
      return spoiler(children);
    case "pre":
      return el("pre.block", { data: { language: entity.language ?? "" } }, el("code", {}, children));
    case "blockquote":
      return el("blockquote.block", {}, children);
    case "expandable_blockquote":
      return expandable(children);
    default:
      return el("span", {}, children);
  }
}

function link(url, children, actions) {
  if (!safeUrl(url)) return el("span", {}, children);
  const words = actions.startOf(url);
  if (words !== null) return el("button.link", { type: "button", test: "bot-link", title: url, onclick: () => actions.start(words) }, children);
  const place = actions.placeOf(url);
  if (place) return el("button.link", { type: "button", test: "place-link", title: url, onclick: () => actions.go(place) }, children);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

function spoiler(children) {
  const show = () => {
    node.classList.add("shown");
    node.removeAttribute("role");
    node.removeAttribute("aria-label");
  };
  const node = el("span.spoiler", { role: "button", tabindex: "0", test: "spoiler", "aria-label": t("Hidden text, show it") }, children);
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return node;
}

function expandable(children) {
  const words = el("div.folded", {}, children);
  const flip = el("button.fold", { type: "button", test: "expand-quote", "aria-expanded": "false" }, t("Show more"));
  flip.addEventListener("click", () => {
    const open = words.classList.toggle("folded") === false;
    flip.setAttribute("aria-expanded", String(open));
    flip.textContent = open ? t("Show less") : t("Show more");
  });
  // Only in the page is it known whether anything is folded away.
  requestAnimationFrame(() => (flip.hidden = words.scrollHeight <= words.clientHeight + 1));
  return el("blockquote.block", {}, words, flip);
}
