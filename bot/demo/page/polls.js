// Polls: the answers are buttons; a press votes, and a press on one's own answer takes the vote back.

import { el } from "./dom.js";
import { many, t, w } from "./words.js";

/** Draw a poll: { node, foot, width }. `view`: { person, actions: { vote(message, option) } }. */
export function drawPoll(message, view) {
  const { question, options, total_voter_count: count, is_closed: closed, votes } = message.thing;
  const own = votes[view.person];
  const foot = el("div.text.poll-foot", {}, closed ? t("Final results") : many(count, "1 vote", w("{count} votes")));
  const rows = options.map((option, place) => answer(option, place, { message, view, own, count, closed }));
  const node = el("div.poll", { test: "poll", role: "group", "aria-label": question }, el("div.poll-question", {}, question), rows);
  return { node, foot, width: null };
}

function answer({ text, voter_count: votes }, place, { message, view, own, count, closed }) {
  const share = count ? Math.round((100 * votes) / count) : 0;
  const known = closed || own !== undefined;
  return el(
    "button.poll-answer",
    {
      type: "button",
      test: "poll-answer",
      disabled: closed,
      "aria-pressed": String(own === place),
      css: { "--share": known ? `${share}%` : "0%" },
      onclick: () => view.actions.vote(message, own === place ? null : place),
    },
    el("span.poll-mark", { "aria-hidden": "true" }, own === place ? "✓" : ""),
    el("span", {}, text),
    known ? el("span.poll-share", {}, `${share}%`) : null,
  );
}
