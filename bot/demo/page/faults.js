// Faults that the simulators can play, in the JSON of `POST faults`. Their fields are those of
// providers/jimeng/simulator/faults.py and bot/demo/bot_api/faults.py; the codes are Jimeng's own.

import { w } from "./words.js";

const jimeng = (label, ...faults) => ({ label, service: "jimeng", faults });
const telegram = (label, ...faults) => ({ label, service: "telegram", faults });

export const FAULTS = [
  jimeng(w("Lose the next submit's answer"), { kind: "lost", action: "submit" }),
  // A callback at the task's end would bring the ticket.
  jimeng(w("Lose the next submit's answer and the next call"), { kind: "lost", action: "submit" }, { kind: "drop", action: "call" }),
  jimeng(w("Refuse the next prompt"), { kind: "code", action: "submit", code: 50412 }),
  jimeng(w("Hold back the next picture"), { kind: "code", action: "result", code: 50511 }),
  jimeng(w("Too many tasks, three times"), { kind: "code", action: "submit", code: 50430, times: 3 }),
  jimeng(w("Bad gateway for the next three polls"), { kind: "html", action: "result", status: 502, times: 3 }),
  telegram(w("Flood control for 3 seconds"), { kind: "flood", retry_after: 3 }),
  telegram(w("Only one picture of the next album"), { kind: "partial_album", items: 1, retry_after: 3 }),
  telegram(w("Lose the answer to the next message"), { kind: "drop", method: "sendMessage", applied: true }),
  telegram(w("Tell nothing of the next inline choice"), { kind: "no_feedback" }),
  telegram(w("Two seconds late, five times"), { kind: "delay", seconds: 2, times: 5 }),
  { label: w("The assistant refuses to help"), service: "assistant", faults: [{ kind: "problem", name: "prompt" }] },
  { label: w("Lose the assistant's next answer"), service: "assistant", faults: [{ kind: "lost" }] },
];

/** Words that make a simulated service fail, of providers/simulators/faults.py, and a model that was shut down. */
export const PROMPTS = [
  { label: w("An account with an unpaid bill"), service: "openai", text: "an unpaid bill, as a watercolour --provider openai" },
  { label: w("One flagged picture of four"), service: "fal", text: "four owls, one flagged --n 4 --provider fal" },
  { label: w("A model that was shut down"), service: "ark", text: "a boat at sea --provider ark --model doubao-seedream-4-0-250828" },
];
