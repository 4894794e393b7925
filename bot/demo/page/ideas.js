// Ideas for prompts, in the language of the person.

import { language } from "./words.js";

const IDEAS = {
  en: {
    private: ["a red fox in the snow --n 4", "a lighthouse at dusk --ar 16:9 --size 4k", "a cat under cherry blossoms --provider openai", "make it a watercolour", "/history"],
    group: ["/imagine a lighthouse at dusk --ar 16:9", "/imagine a cabin in the mountains, morning mist --n 2", "/imagine", "/history"],
  },
  zh: {
    private: ["雪地里的红狐狸 --张数 4", "黄昏的灯塔 --比例 16:9 --尺寸 4k", "一只在樱花树下的猫 --服务 openai", "把它变成水彩画", "/history"],
    group: ["/imagine 黄昏的灯塔 --比例 16:9", "/imagine 山间的小屋，晨雾 --张数 2", "/imagine", "/history"],
  },
};

/** The ideas for a type of chat. In private, the third shows an unfinished picture: that service streams. */
export function ideasFor(type) {
  const { private: alone, group } = IDEAS[language()];
  return type === "private" ? alone : type === "channel" ? group.slice(0, 2) : group;
}
