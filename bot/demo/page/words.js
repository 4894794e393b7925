// The language of the page's own labels: that of the person one acts as. English is the key of the catalogue.

import { CHINESE, PATTERNS } from "./words.zh.js";

const CATALOGUES = { en: {}, zh: CHINESE };
const ATTRIBUTES = ["aria-label", "title", "placeholder"];

let chosen = "en";
const stay = [];

/** The language of the labels: "en" or "zh". */
export const language = () => chosen;

/** Marks a label that is translated where it is shown. */
export const w = (english) => english;

/** A label in the language of the page; `{name}` is replaced by a field. */
export const t = (english, fields = {}) =>
  (CATALOGUES[chosen][english] ?? english).replace(/\{(\w+)\}/gu, (all, name) => fields[name] ?? all);

/** A label with a number; Chinese has one form for all. */
export const many = (count, one, others) => (count === 1 && chosen === "en" ? one : t(others, { count }));

/** A sentence of the simulator, which speaks English. */
export function said(sentence) {
  if (chosen === "en" || CHINESE[sentence]) return t(sentence);
  const found = PATTERNS.find(([pattern]) => pattern.test(sentence));
  return found ? sentence.replace(...found) : sentence;
}

/** Label an element that stays: { text, "aria-label", title, placeholder }, in English. */
export function fixed(node, labels) {
  stay.push([node, labels]);
  label(node, labels);
}

/** Take the English labels out of the page's HTML: `data-t` names the attributes, or "text". */
export function readLabels(root) {
  for (const node of root.querySelectorAll("[data-t]")) {
    const names = node.dataset.t.split(" ");
    fixed(node, Object.fromEntries(names.map((name) => [name, name === "text" ? node.textContent : node.getAttribute(name)])));
  }
}

/** Speak the language of a person, by their language code. Returns whether it is another one than before. */
export function speak(code) {
  const next = /^zh\b/u.test(code ?? "") ? "zh" : "en";
  if (next === chosen) return false;
  chosen = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  for (const [node, labels] of stay) label(node, labels);
  return true;
}

function label(node, { text, ...attributes }) {
  if (text !== undefined) node.textContent = t(text);
  for (const name of ATTRIBUTES) if (attributes[name] !== undefined) node.setAttribute(name, t(attributes[name]));
}
