// Small helpers to build elements. Text always goes in as text nodes: nothing on this page is ever parsed as HTML.

import { fixed } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * Build an element: el("button.key", { type: "button", test: "send", onclick }, "text", child, null).
 * `test` is the data-testid, `data` an object of data attributes, `css` of style properties, on… are listeners,
 * true and false set and leave out an attribute, null leaves it out. `fixed` are the English labels of an element that
 * stays: they change with the language.
 */
export function el(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "fixed") fixed(node, value);
  else if (name === "test") node.dataset.testid = value;
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "css") for (const [key, entry] of Object.entries(value)) node.style.setProperty(key, entry);
  else node.setAttribute(name, value === true ? "" : value);
}

const ICONS = {
  send: { fill: "M3.4 20.4 21 12.9a1 1 0 0 0 0-1.8L3.4 3.6a.7.7 0 0 0-1 .8L4.5 10l9 2-9 2-2.1 5.6a.7.7 0 0 0 1 .8Z" },
  attach: { line: "m20.5 11.6-8.3 8.3a5.4 5.4 0 0 1-7.6-7.6l8.6-8.6a3.6 3.6 0 0 1 5.1 5.1l-8.6 8.6a1.8 1.8 0 0 1-2.6-2.6l7.9-7.9" },
  picture: { line: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 8.5v.01" },
  voice: { line: "M12 3.5a2.8 2.8 0 0 1 2.8 2.8v5a2.8 2.8 0 0 1-5.6 0v-5A2.8 2.8 0 0 1 12 3.5ZM6 11a6 6 0 0 0 12 0M12 17v3.5" },
  sticker: { line: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM8.5 14c1.7 2.4 5.3 2.4 7 0M9 9.6v.01M15 9.6v.01" },
  video: { line: "M3.5 6.5h12v11h-12zM15.5 11l5-3.5v9l-5-3.5" },
  place: { line: "M12 20.5c-1.5-1.6-6.5-6.5-6.5-11a6.5 6.5 0 0 1 13 0c0 4.5-5 9.4-6.5 11Zm0-13.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5Z" },
  pin: { fill: "M12 2.5a7 7 0 0 0-7 7c0 5 5.2 10.3 6.6 11.8a.6.6 0 0 0 .8 0C13.8 19.8 19 14.5 19 9.5a7 7 0 0 0-7-7Zm0 4.5a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2Z" },
  play: { fill: "M8 5.2v13.6a.8.8 0 0 0 1.2.7l10.6-6.8a.8.8 0 0 0 0-1.4L9.2 4.5A.8.8 0 0 0 8 5.2Z" },
  command: { line: "M4 4h16v16H4zM14.5 7.5l-5 9" },
  down: { line: "m6 9.5 6 6 6-6" },
  left: { line: "m14.5 6-6 6 6 6" },
  right: { line: "m9.5 6 6 6-6 6" },
  close: { line: "m6.5 6.5 11 11m0-11-11 11" },
  reply: { line: "m9.5 6-6 6 6 6M4 12h9c4 0 6.6 2.3 7 6.5" },
  copy: { line: "M9 9h11v11H9zM5 15H4V4h11v1" },
  remove: { line: "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13" },
  more: { fill: "M12 4.5a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4Zm0 5.8a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4Zm0 5.8a1.7 1.7 0 1 0 0 3.4 1.7 1.7 0 0 0 0-3.4Z" },
  link: { line: "M8 16 16.5 7.5M9 7h8v8" },
  download: { line: "M12 4v11m-5-4.5 5 5 5-5M5 20h14" },
  file: { line: "M6 3h8l4 4v14H6zM14 3v4h4" },
  menu: { line: "M4 7h16M4 12h16M4 17h16" },
  calls: { line: "M8 6 3 12l5 6m8-12 5 6-5 6" },
  ticks: { line: "m2 12.5 4.5 4.5L16 7m-5 9.5.5.5L21 7" },
  broken: { line: "M4 4h16v16H4zM4 16l5-5 4 4m2-2 5 5M14 4l-2 5 3 3-2 4" },
  lock: { line: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3" },
  mask: { line: "M4 6c5-2 11-2 16 0v5c0 5-4 8-8 9-4-1-8-4-8-9zM8 11.5c1-1 2-1 3 0m2 0c1-1 2-1 3 0" },
  topic: { line: "M4 5h16v11H10l-4 4v-4H4zM12 8v5m-2.5-2.5h5" },
  up: { line: "M12 20V5m-6 6 6-6 6 6" },
  mute: { line: "M4 9.5v5h4l5 4v-13l-5 4zM16.5 9.5l5 5m0-5-5 5" },
  sound: { line: "M4 9.5v5h4l5 4v-13l-5 4zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11" },
  star: { line: "m12 4 2.5 5.2 5.5.7-4 3.9 1 5.6-5-2.7-5 2.7 1-5.6-4-3.9 5.5-.7z" },
  pencil: { line: "m4 20 1-4.5L16.5 4l3.5 3.5L8.5 19zM14 6.5l3.5 3.5" },
  block: { line: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM6 6l12 12" },
  add: { line: "M12 5v14M5 12h14" },
  eye: { line: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Zm9.5-2.8a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Z" },
  search: { line: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Zm5 11.5L20.5 20.5" },
};

/** A 24×24 icon in the current colour. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const { line, fill } = ICONS[name];
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", line ? "icon line" : "icon");
  path.setAttribute("d", line ?? fill);
  svg.append(path);
  return svg;
}

/** A round face made of initials and a colour that belongs to the id. The bot's face is its mark. */
export function face(who, bot = false) {
  const mark = bot ? el("img", { src: "icon.svg", alt: "" }) : initials(who.name ?? who.title ?? "");
  return el("span.face", { "aria-hidden": "true", data: { tone: tone(who) } }, mark);
}

/** One of seven colours for a person or a chat. Bots have the colour of their mark. */
export function tone({ id, is_bot: bot }) {
  return bot ? "6" : String(Math.abs(id) % 6);
}

function initials(name) {
  const words = name.split(/\s+/u).filter(Boolean);
  const [first] = words[0] ?? "?";
  // One Chinese character is enough, and two don't fit.
  if (/\p{Script=Han}/u.test(first) || words.length < 2) return first.toUpperCase();
  return (first + [...words[1]][0]).toUpperCase();
}
