"""Talk is told apart from requests."""

import pytest

from bot.handlers.small_talk import MAX_TALK_LENGTH, is_talk

TALK = """
hi|Hello!|thanks!|Thank you so much!!|谢谢|你好|在吗|好的|ok|OK 👍|👍|?|？？|test|…|❤️❤️|haha so cute!|Hiiii
hellooo|谢谢你啊
哈哈哈哈|太可爱了|1|hello there|hola|¡Gracias!|merci beaucoup|Привет!|こんにちは|ありがとうございます!
안녕하세요|مرحبا|नमस्ते
teşekkürler|cảm ơn|good morning everyone|It's so cute|that’s nice|what's up|how are you?|你好，在吗？|😂😂 lol
xD|你是谁
help|帮助|ขอบคุณครับ|guten Tag|谢谢大家|好可爱呀！|666|very nice thanks|👨‍👩‍👧|\u200b|hello, thank you
love it ❤️|Ｈｅｌｌｏ|ＯＫ|4️⃣
"""
REQUESTS = """
a fox|blue|狐狸|hello kitty|hi-res fox|thank you card|谢谢卡片|好看的猫|a beautiful fox|cool cat|你好吗猫|night
cat|海|ocean|in blue
now with a hat|你好世界海报|good morning sunshine|test tube|ok hand sign|OK手势|可爱的猫|早晨|heart|一只
hi in neon letters|as a drawing
together|larger|helm|👍 in neon|可爱的机器人|imagine a fox|make it blue|彩虹|更大|蓝色|🦊 in the snow|sunset 2
"""


def each(words: str) -> list[str]:
    return [one for line in words.strip("\n").split("\n") for one in line.split("|")]


@pytest.mark.parametrize("words", each(TALK))
def test_talk(words: str) -> None:
    assert is_talk(words)


@pytest.mark.parametrize("words", each(REQUESTS))
def test_requests(words: str) -> None:
    assert not is_talk(words)


def test_a_long_one_is_looked_at_no_further() -> None:
    assert not is_talk("thank you " * MAX_TALK_LENGTH)
    assert not is_talk("a" * 4000)
    assert is_talk("?" * 4000)
