// JSON as coloured, indented text. Long strings such as base64 pictures are cut.

import { el } from "./dom.js";

const MAX_STRING_LENGTH = 400;
const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gu;

/** The value, indented, with its tokens set apart by class. */
export function pretty(value) {
  const text = JSON.stringify(cut(value), null, 2) ?? "nothing";
  const out = [];
  let place = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [all, string, colon] = match;
    out.push(text.slice(place, match.index));
    if (colon) out.push(el("span.json-key", {}, string), colon);
    else out.push(el(string ? "span.json-string" : "span.json-value", {}, all));
    place = match.index + all.length;
  }
  out.push(text.slice(place));
  return el("pre.json", { tabindex: "0" }, out);
}

/** The value on one line: texts first, ids last. */
export function glance(value) {
  if (value === null || typeof value !== "object") return "";
  const rank = ([key, entry]) => (/(^|_)(id|key)$/u.test(key) ? 2 : Number(typeof entry !== "string"));
  const entries = Object.entries(value).sort((a, b) => rank(a) - rank(b));
  const parts = entries.map(([key, entry]) => `${key}: ${typeof entry === "string" ? entry : JSON.stringify(entry)}`);
  return parts.join("  ").replace(/\s+/gu, " ").slice(0, 160);
}

function cut(value) {
  if (typeof value === "string" && value.length > MAX_STRING_LENGTH) return `${value.slice(0, MAX_STRING_LENGTH)}… (${value.length} characters)`;
  if (Array.isArray(value)) return value.map(cut);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cut(entry)]));
  return value;
}
