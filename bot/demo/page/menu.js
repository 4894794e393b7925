// The menu of a message: by right click, by long press, or by the button that appears beside it.

import { el, icon } from "./dom.js";

const LONG_PRESS_MS = 450;

let opened = null;

/**
 * Open a menu near a point, under it or (`up`) over it. `items`: [{ name, label, icon, danger, act }].
 * It closes when the person scrolls the messages, not when others make them move, unless it `stays`; and when the message
 * that it is `of` ("chat:message") goes. Then the focus goes back.
 */
export function openMenu({ x, y, up = false, stays = false, of = null }, items) {
  closeMenu();
  const back = document.activeElement;
  const node = el(
    "div.menu",
    { role: "menu", test: "menu" },
    items.map((item) =>
      el(
        item.danger ? "button.danger" : "button",
        { type: "button", role: "menuitem", test: `menu-${item.name}`, onclick: () => (closeMenu(), item.act()) },
        icon(item.icon),
        item.label,
      ),
    ),
  );
  node.addEventListener("keydown", steer);
  document.querySelector("main").append(node);
  // Its final size: it is still growing now.
  const { offsetWidth: width, offsetHeight: height } = node;
  node.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  node.style.top = `${Math.max(8, Math.min(up ? y - height : y, innerHeight - height - 8))}px`;
  opened = { node, back, stays, of };
  node.querySelector("button").focus({ preventScroll: true });
}

/** Close the menu, if one is open; with `of`, only that of this message. */
export function closeMenu(of = null) {
  if (!opened || (of !== null && opened.of !== of)) return;
  const { node, back } = opened;
  opened = null;
  node.remove();
  if (back?.isConnected) back.focus({ preventScroll: true });
}

/** Call `open(event, element)` for a right click, or a long press by finger, on whatever matches `selector`. */
export function watchMenus(root, selector, open) {
  const found = (event) => event.target.closest(selector);
  root.addEventListener("contextmenu", (event) => {
    // Selected text and links keep the browser's own menu.
    if (!found(event) || event.target.closest("a") || String(getSelection())) return;
    event.preventDefault();
    if (!opened) open(event, event.target);
  });
  let timer;
  const forget = () => clearTimeout(timer);
  // Lifting the finger after a long press must not also open what is under it.
  const swallow = (event) => (event.preventDefault(), event.stopPropagation());
  root.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "touch" || !found(event)) return;
    root.removeEventListener("click", swallow, { capture: true });
    timer = setTimeout(() => {
      if (opened) return;
      root.addEventListener("click", swallow, { capture: true, once: true });
      open(event, event.target);
    }, LONG_PRESS_MS);
  });
  for (const name of ["pointerup", "pointermove", "pointercancel"]) root.addEventListener(name, forget);
  root.addEventListener("scroll", forget, { capture: true, passive: true });
  for (const name of ["wheel", "touchmove"]) root.addEventListener(name, () => opened?.stays || closeMenu(), { passive: true });
  document.addEventListener("pointerdown", (event) => !event.target.closest(".menu") && closeMenu());
}

function steer(event) {
  const items = [...event.currentTarget.querySelectorAll("button")];
  const place = items.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) items.at((place + step) % items.length).focus();
  if (event.key === "Escape" || event.key === "Tab") closeMenu();
  if (step || event.key === "Escape") event.preventDefault();
}
