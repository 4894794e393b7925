"""The words the artist understands, English and Chinese. Everything is looked for in lower case; an `s` or `es`
at the end of an English word is understood too."""

SUBJECTS = {
    "fox": "fox, vixen, 狐狸, 狐",
    "wolf": "wolf, wolves, husky, 狼, 哈士奇",
    "cat": "cat, kitten, kitty, 猫, 小猫, 猫咪",
    "tiger": "tiger, 老虎, 虎",
    "lion": "lion, 狮子, 雄狮",
    "dog": "dog, puppy, puppies, corgi, shiba, retriever, 狗, 小狗, 犬, 柯基, 柴犬",
    "bear": "bear, teddy, 熊, 小熊",
    "polar": "polar bear, 北极熊",
    "panda": "panda, 熊猫",
    "rabbit": "rabbit, bunny, bunnies, hare, 兔子, 兔, 小兔",
    "mouse": "mouse, mice, hamster, 老鼠, 鼠, 仓鼠",
    "deer": "deer, stag, reindeer, fawn, 鹿, 小鹿, 麋鹿",
    "dragon": "dragon, dinosaur, 龙, 恐龙",
    "bird": "bird, sparrow, robin, parrot, 鸟, 小鸟, 麻雀, 鹦鹉",
    "owl": "owl, 猫头鹰",
    "penguin": "penguin, 企鹅",
    "fish": "fish, goldfish, koi, 鱼, 金鱼, 锦鲤",
    "whale": "whale, orca, 鲸, 鲸鱼, 蓝鲸",
    "dolphin": "dolphin, shark, 海豚, 鲨鱼",
    "butterfly": "butterfly, butterflies, moth, 蝴蝶",
    "turtle": "turtle, tortoise, 乌龟, 海龟, 龟",
    "jellyfish": "jellyfish, octopus, 水母, 章鱼",
    "snowman": "snowman, snowmen, 雪人",
    "robot": "robot, android, mecha, 机器人, 机械",
    "astronaut": "astronaut, cosmonaut, spaceman, 宇航员, 航天员",
    "person": (
        "person, people, man, woman, girl, boy, lady, child, portrait, prince, princess, king, queen, wizard, hero, "
        "人, 女孩, 男孩, 少女, 少年, 女人, 男人, 人物, 肖像, 姑娘, 孩子, 公主, 王子, 美女"
    ),
    "house": "house, cottage, cabin, hut, home, 房子, 屋, 小屋, 木屋",
    "castle": "castle, palace, fortress, 城堡, 宫殿",
    "lighthouse": "lighthouse, 灯塔",
    "pagoda": "pagoda, temple, shrine, 塔, 宝塔, 寺庙, 寺",
    "windmill": "windmill, 风车",
    "mushroom": "mushroom, toadstool, 蘑菇",
    "tree": "tree, oak, willow, 树, 大树",
    "flower": "flower, rose, tulip, daisy, sunflower, lotus, peony, 花, 花朵, 玫瑰, 向日葵, 荷花, 牡丹, 郁金香",
    "boat": "boat, sailboat, ship, yacht, 船, 小船, 帆船",
    "rocket": "rocket, spaceship, spacecraft, starship, 火箭, 飞船",
    "car": "car, automobile, taxi, bus, truck, 汽车, 车, 轿车, 出租车",
    "balloon": "balloon, hot air balloon, 气球, 热气球",
    "cup": "cup, tea, coffee, mug, teacup, 茶, 咖啡, 杯子, 一杯茶, 茶杯",
    "umbrella": "umbrella, parasol, 伞, 雨伞",
    "fruit": "apple, fruit, peach, 苹果, 水果, 桃子",
    "heart": "heart, valentine, 爱心, 心形",
    "star": "star, 五角星, 一颗星",
    "planet": "planet, saturn, jupiter, 行星, 星球, 土星",
    "moon": "moon, 月亮, 月球, 月",
}

PLACES = {
    "country": "hill, countryside, field, farm, valley, landscape, village, 山丘, 田野, 乡村, 村庄, 风景, 山谷",
    "meadow": "meadow, grassland, prairie, lawn, grass, 草地, 草原, 草坪",
    "garden": "garden, park, 花园, 公园, 庭院",
    "forest": "forest, wood, woodland, jungle, bamboo, 森林, 树林, 丛林, 竹林, 林中",
    "heights": "mountain, alps, summit, peak, himalaya, 山, 高山, 山脉, 雪山, 山顶",
    "desert": "desert, dune, sahara, canyon, 沙漠, 沙丘, 戈壁, 峡谷",
    "city": "city, cities, town, street, skyline, downtown, tokyo, shanghai, new york, 城市, 街道, 都市, 街, 上海",
    "road": "road, highway, 公路, 马路",
    "room": "room, kitchen, cafe, window, table, desk, library, indoors, 房间, 室内, 窗, 窗边, 桌子, 桌, 厨房, 书房",
    "sea": "sea, ocean, beach, coast, wave, island, harbour, harbor, shore, 海, 大海, 海洋, 海边, 沙滩, 海滩, 海浪, 岛",
    "lake": "lake, river, pond, reflection, 湖, 河, 池塘, 湖泊, 江",
    "underwater": "underwater, under the sea, under water, coral, reef, seabed, aquarium, 水下, 海底, 珊瑚",
    "clouds": "in the sky, cloud, heaven, above the clouds, 云, 云海, 云朵, 天上, 空中",
    "space": "space, outer space, galaxy, cosmos, universe, nebula, mars, 太空, 宇宙, 银河, 星系, 星云",
    "still": "studio, white background, plain background, still life, logo, icon, 静物, 白色背景, 图标",
    "nowhere": "abstract, pattern, dream, wallpaper, 抽象, 图案, 壁纸",
}

TIMES = {
    "dawn": "dawn, sunrise, morning, daybreak, 黎明, 日出, 清晨, 早晨, 早上",
    "day": "day, noon, daylight, sunny, sunshine, afternoon, sun, 白天, 中午, 阳光, 晴天, 太阳",
    "dusk": "dusk, sunset, evening, twilight, golden hour, 黄昏, 日落, 傍晚, 夕阳, 晚霞",
    "night": "night, midnight, moonlight, moonlit, starry, stars, dark, 夜, 夜晚, 夜里, 晚上, 星空, 午夜, 月光, 星星",
}

SEASONS = {
    "spring": "spring, cherry blossom, sakura, blossom, 春天, 春, 樱花, 桃花",
    "summer": "summer, 夏天, 夏",
    "autumn": "autumn, fall leaves, fall colors, fall colours, october, maple, pumpkin, 秋天, 秋, 枫叶, 落叶",
    "winter": "snow, snowy, winter, ice, frozen, frost, arctic, christmas, 雪, 冬天, 冬, 冰, 下雪, 雪地, 雪山, 圣诞",
}

WEATHER = {
    "snow": "snow, snowy, snowfall, snowing, snowflake, blizzard, 雪, 下雪, 雪花, 雪地",
    "rain": "rain, rainy, raining, storm, drizzle, thunderstorm, 雨, 下雨, 雨天, 暴雨",
    "fog": "fog, foggy, mist, misty, haze, 雾, 薄雾",
    "petals": "cherry blossom, sakura, blossom, petal, 樱花, 桃花, 花瓣",
    "leaves": "autumn leaves, falling leaves, fall leaves, autumn, maple, 落叶, 枫叶, 秋天",
    "fireflies": "firefly, fireflies, magic, magical, fairy, enchanted, 萤火虫, 魔法, 童话",
    "aurora": "aurora, northern lights, 极光",
    "rainbow": "rainbow, 彩虹",
    "bubbles": "bubble, 泡泡",
}

STYLES = {
    "watercolour": "watercolour, watercolor, aquarelle, gouache, 水彩",
    "oil": "oil, oil painting, impressionist, impressionism, van gogh, monet, acrylic, painterly, 油画, 印象派, 梵高",
    "pixel": "pixel, pixel art, pixelated, 8-bit, 8bit, 16-bit, retro game, voxel, minecraft, mosaic, 像素",
    "sketch": "sketch, pencil, drawing, line art, charcoal, hand-drawn, 素描, 铅笔, 线稿, 手绘",
    "ink": "ink, ink wash, sumi-e, calligraphy, ink painting, 水墨, 水墨画, 国画, 墨",
    "neon": "neon, cyberpunk, synthwave, vaporwave, glowing, 霓虹, 赛博朋克",
    "minimal": "minimal, minimalist, minimalism, simple, flat, 极简, 简约, 扁平",
    "poster": "poster, screen print, risograph, pop art, print, woodcut, ukiyo-e, 海报, 版画, 波普, 浮世绘, 剪纸",
    "mono": "black and white, monochrome, noir, grayscale, greyscale, 黑白",
    "vintage": "vintage, retro, sepia, old photo, nostalgic, polaroid, film, 复古, 怀旧, 胶片",
}

ACTIONS = {
    "walk": "walking, running, walk, run, jumping, strolling, hunting, playing, 走, 跑, 奔跑, 散步, 走路, 跳",
    "sleep": "sleeping, asleep, sleepy, sleep, curled up, napping, dreaming, 睡, 睡觉, 睡着, 沉睡",
    "sit": "sitting, seated, sit, resting, meditating, 坐, 坐着, 坐在",
    "close": "close-up, closeup, close up, face, portrait of a, headshot, macro, 特写, 脸, 头像",
    "fly": "flying, fly, soaring, 飞, 飞翔",
}

COUNTS = {
    "2": "two, pair of, couple of, both, 2, 两只, 两个, 两条, 两朵, 两棵, 一对, 两艘, 2只, 2个",
    "3": "three, trio of, 3, few, 三只, 三个, 三条, 三朵, 三棵, 三艘, 3只, 3个, 几只",
    "4": "four, several, 4, 四只, 四个, 四条, 四朵, 4只, 4个, 一些",
    "5": "five, six, many, group of, flock of, herd of, school of, 5, 6, 五只, 五个, 五朵, 六只, 一群, 许多, 很多",
}

COLOURS = {
    "d9482b": "red, scarlet, crimson, ruby, 红色, 红, 赤",
    "ec8733": "orange, amber, ginger, 橙色, 橙, 橘色, 橘",
    "f2c23e": "yellow, gold, golden, 黄色, 黄, 金色, 金",
    "57a85a": "green, emerald, 绿色, 绿, 翠",
    "2f9e97": "teal, turquoise, cyan, mint, 青色, 青",
    "3f7fcf": "blue, azure, sapphire, 蓝色, 蓝",
    "34477f": "navy, indigo, dark blue, 深蓝, 藏青",
    "8a5fc4": "purple, violet, lavender, lilac, 紫色, 紫",
    "ee8fb0": "pink, rose-coloured, magenta, 粉色, 粉红, 粉",
    "8a5c3e": "brown, chocolate, tan, 棕色, 棕, 褐色, 咖啡色",
    "3a3844": "black, dark-furred, 黑色, 黑",
    "f6f5fa": "white, ivory, snow-white, 白色, 白, 雪白",
    "8f94a3": "grey, gray, silver, 灰色, 灰, 银色",
}

GROUNDS = {"any": "sky, background, light, air, 天空, 背景, 光"}
"""Words that mean nothing by themselves, but a colour before them is the whole picture's and not a thing's."""
