// Voice messages, stickers, videos and locations: the other kinds of messages that people send.
// They are only drawn: there is nothing to play or to open.

import { el, icon } from "./dom.js";
import { THINGS } from "./format.js";
import { openMenu } from "./menu.js";
import { t } from "./words.js";

const ICONS = { voice: "voice", sticker: "sticker", video: "video", location: "place" };
// The bars of a voice message, from 1 to 9.
const WAVE = [..."2436845793216759864364287531246432"];

/**
 * Draw a thing: { node, foot, width }. `foot` is where the time goes, `width` in pixels; null where the thing has none.
 */
export const drawThing = (thing) => DRAWN[thing.kind](thing);

const DRAWN = {
  voice({ duration }) {
    const foot = el("div.voice-foot", {}, clock(duration));
    const wave = el("div.wave", { "aria-hidden": "true" }, WAVE.map((loud) => el("i", { css: { height: `${loud * 10}%` } })));
    const play = el("span.play", { "aria-hidden": "true" }, icon("play"));
    return { node: named("div.voice", "voice", play, el("div.voice-words", {}, wave, foot)), foot, width: null };
  },
  sticker({ emoji }) {
    return { node: named("div.media.sticker", "sticker", emoji), foot: null, width: 148 };
  },
  video({ width, height, duration }) {
    const play = el("span.play", { "aria-hidden": "true" }, icon("play"));
    const tile = named("div.media.video", "video", play, el("span.length", {}, clock(duration)));
    tile.style.aspectRatio = `${width} / ${height}`;
    return { node: tile, foot: null, width: 260 };
  },
  location({ latitude, longitude }) {
    const foot = el("div.text.place-words", {}, `${degrees(latitude, "N", "S")}, ${degrees(longitude, "E", "W")}`);
    const pin = el("span.pin", { "aria-hidden": "true" }, icon("pin"));
    return { node: named("div.media.map", "location", pin), foot, width: 260 };
  },
};

/**
 * Open the menu of attachments over `button`. `pick()` chooses pictures or files, `send(kind)` sends a thing.
 */
export function openAttachMenu(button, { pick, send }) {
  const { left, top } = button.getBoundingClientRect();
  const entry = (kind) => ({ name: kind, label: t(THINGS[kind]), icon: ICONS[kind], act: () => send(kind) });
  const files = { name: "files", label: t("Pictures or files"), icon: "picture", act: pick };
  openMenu({ x: left, y: top - 8, up: true, stays: true }, [files, ...Object.keys(THINGS).map(entry)]);
}

const named = (spec, kind, ...children) => el(spec, { test: kind, role: "img", "aria-label": t(THINGS[kind]) }, ...children);

/** Seconds as 0:03. */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

const degrees = (value, plus, minus) => `${Math.abs(value).toFixed(3)}° ${value < 0 ? minus : plus}`;
