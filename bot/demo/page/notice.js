// Short notices over the chat, alerts that ask for an OK, and the clipboard.

import { el } from "./dom.js";
import { t } from "./words.js";

const NOTICE_MS = 3500;
const MAX_NOTICES = 3;

/** Show a sentence over the chat for a moment. */
export function toast(text) {
  const node = el("div.toast", { test: "toast" }, text);
  const place = document.getElementById("toasts");
  while (place.childElementCount >= MAX_NOTICES) place.firstElementChild.remove();
  place.append(node);
  setTimeout(() => node.remove(), NOTICE_MS + text.length * 20);
}

/** Show a sentence until the person has read it. */
export function showAlert(title, text) {
  const dialog = el(
    "dialog.alert",
    { test: "alert", "aria-label": title },
    el("strong", {}, title),
    el("p", {}, text),
    el("form", { method: "dialog" }, el("button.primary", { type: "submit", test: "alert-ok" }, t("OK"))),
  );
  dialog.addEventListener("close", () => dialog.remove());
  show(dialog);
}

/** Ask for a name. Gives it, or null when the person cancels. */
export function askFor(title, hint, label) {
  const field = el("input", { test: "ask-field", placeholder: hint, "aria-label": title, maxlength: "128", required: true, autocomplete: "off" });
  const dialog = el(
    "dialog.alert",
    { test: "ask", "aria-label": title },
    el("strong", {}, title),
    el("form", { method: "dialog" }, field, el("button.primary", { type: "submit", test: "ask-ok" }, label)),
  );
  // A click beside it cancels, as Escape does.
  dialog.addEventListener("pointerdown", ({ clientX: x, clientY: y }) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    if (x < left || x > right || y < top || y > bottom) dialog.close();
  });
  const answer = new Promise((resolve) => {
    dialog.addEventListener("submit", () => (dialog.dataset.said = field.value.trim()));
    dialog.addEventListener("close", () => (dialog.remove(), resolve(dialog.dataset.said || null)));
  });
  show(dialog);
  return answer;
}

/** Open a dialog over the phone, not over the window. */
function show(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  const { left, width } = document.getElementById("screen").getBoundingClientRect();
  dialog.style.left = `${2 * (left + width / 2) - innerWidth}px`;
}

/** Put text on the clipboard and say so. */
export async function copy(text, said = t("Copied")) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without permission or a secure context the old API still works.
    const box = el("textarea.unseen", {}, text);
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  toast(said);
}
