"""Tells talk from requests: thanks, hellos, a question mark or an emoji should cost nothing."""

import re
import unicodedata

MAX_TALK_LENGTH = 80
"""A longer text, in characters, is no talk."""

# Each phrase is talk by itself. One phrase a line would be longer, not clearer.
_TALK = """
    hi|hii|hiya|hello|helo|hallo|hey|heya|hei|hej|yo|howdy|greetings|sup|whats up|wassup
    good morning|good afternoon|good evening|good night|good day|morning|gn|gm|bye|bye bye|goodbye|see you|cya
    later
    thanks|thank|thank you|thankyou|thank u|thx|thnx|tnx|ty|tysm|tyvm|cheers|many thanks|much appreciated
    appreciated
    hi bot|hello bot|hey bot|thanks bot|thank you bot|good bot|hi guys|hey guys|thanks guys|thanks man
    thanks bro|the best
    welcome|you are welcome|youre welcome|np|no problem|no worries|sorry|please|pls|plz|excuse me
    ok|okay|okey|oki|okie|k|kk|yes|yep|yeah|yup|ya|no|nope|nah|sure|fine|right|got it|i see|alright|all right
    done|done it
    lol|lmao|rofl|haha|hehe|hihi|hah|heh|ha ha|xd|wow|whoa|omg|oh|ah|aha|hm|hmm|uh|um|huh|oops|yay
    nice|cool|great|awesome|amazing|perfect|excellent|wonderful|brilliant|lovely|well done|good job|nice job
    good|very good
    not bad|so good|cute|beautiful|pretty|so cool|love it|i love it|love this|i love this|like it|i like it
    nice one
    test|testing|test test|ping|start|stop|menu|help|help me|info|settings|history|cancel|quit|exit|command
    commands
    how are you|how r u|how do you do|how are things|who are you|what are you|what is this|whats this|what is it
    what can you do|what do you do|how does this work|how does it work|how do i use this|how to use
    how to use this
    are you there|are you here|you there|anyone there|anybody there|is anyone there|are you a bot|are you real
    are you ok|are you online|are you alive|does it work|does this work|is it working|can you help me
    can you hear me
    why|what|who|how|when|where|really|seriously|and|so|hello world

    你好|您好|你们好|大家好|哈喽|哈啰|哈罗|嗨|嘿|喂|早|早上好|上午好|中午好|下午好|晚上好|早安|午安|晚安|再见
    拜拜|拜|回见
    谢谢|谢谢你|谢谢您|谢了|谢|多谢|感谢|非常感谢|十分感谢|太感谢了|辛苦了|辛苦|不客气|没关系|没事|对不起|抱歉
    不好意思|请问
    好的|好|好吧|好滴|好哒|行|可以|嗯|嗯嗯|哦|噢|喔|收到|知道了|明白|明白了|了解|懂了|是|是的|对|对的|不|不是
    不用|不行|没有
    在吗|在么|在不在|在嘛|有人吗|有人在吗|你在吗|您在吗|在
    哈|呵呵|嘻嘻|嘿嘿|笑死|哇|哇塞|天哪|天啊|厉害|牛|牛逼|太棒了|真棒|很棒|棒|赞|完美|不错|漂亮|真漂亮|好看
    真好看|很好看
    太好看了|太美了|好美|真美|可爱|好可爱|太可爱了|真可爱|喜欢|我喜欢|很喜欢|加油|帅
    测试|测试一下|试试|试一下|试试看|帮助|菜单|开始|停止|停|取消|设置|命令|说明
    你是谁|您是谁|你是什么|你叫什么|这是什么|这是啥|你会什么|你会干什么|你能做什么|你能干什么|你可以做什么
    能干什么|怎么用
    怎么使用|如何使用|怎么玩|怎么弄|干嘛|什么|什么意思|啥|为什么|为啥|怎么了|怎么回事|能用吗|可以用吗
    你是机器人吗
    謝謝|多謝|感謝|早安|對|嗎|在嗎|有人嗎|測試|幫助|您好|收到|不錯|厲害|哈囉|掰掰|再見|辛苦了|你會什麼|怎麼用|讚

    hola|buenos dias|buenas|buenas tardes|buenas noches|gracias|muchas gracias|mil gracias|adios|que tal|vale|si
    ola|oi|bom dia|boa tarde|boa noite|obrigado|obrigada|muito obrigado|muito obrigada|valeu|tchau|tudo bem|sim
    nao
    bonjour|bonsoir|salut|coucou|merci|merci beaucoup|au revoir|ca va|oui|non|daccord|sil vous plait
    guten morgen|guten tag|guten abend|gute nacht|moin|servus|danke|danke schon|dankeschon|vielen dank|bitte
    tschuss|ja|nein
    ciao|buongiorno|buonasera|grazie|grazie mille|salve|arrivederci
    привет|здравствуйте|здравствуй|добрый день|доброе утро|добрый вечер|спасибо|большое спасибо|спасибо большое
    пока|да|нет
    ок|привіт|дякую|доброго дня
    مرحبا|اهلا|السلام عليكم|سلام|شكرا|شكرا لك|ممنون|مرسی
    नमस्ते|नमस्कार|धन्यवाद|शुक्रिया|namaste|dhanyavad|shukriya
    こんにちは|こんばんは|おはよう|おはようございます|ありがとう|ありがとうございます|はじめまして|はい|いいえ
    すごい|かわいい
    안녕|안녕하세요|감사합니다|고마워|고마워요|고맙습니다|네|아니요
    merhaba|selam|tesekkurler|tesekkur ederim|sag ol|halo|terima kasih|makasih|selamat pagi
    xin chao|chao|cam on|cam on ban|sawasdee|สวัสดี|สวัสดีครับ|สวัสดีค่ะ|ขอบคุณ|ขอบคุณครับ|ขอบคุณค่ะ
    dziekuje|czesc|dzien dobry|tak|dank je|dank u|bedankt|hoi|tack|tak|takk|kiitos|hej
"""
# Words that may stand beside talk; alone they are none.
_FILLERS = """
    you|u|ya|so|very|much|a lot|lots|a million|there|here|again|all|everyone|everybody
    to|for|it|that|this|is|thats|its|really|my|too|and|also|but|now|then|just|me|i|everything|is it
    the|picture|photo
    你|您|你们|大家|呀|啊|哦|呢|了|吧|啦|嘛|么|吗|的|很|非常|真的|真|太|好|这个|这|那|哟|喽|咯|各位|一下|我
    mucho|muy|muito|tres|sehr|molto|bem|bien|очень|большое|вам|тебе|jiddan|جدا
"""


def is_talk(words: str) -> bool:
    """Whether a text is only a greeting, thanks, a short remark, punctuation, a number or emoji."""
    plain = _plain(words)
    if not any(each.isalpha() for each in plain):
        return True
    if len(plain) > MAX_TALK_LENGTH:
        return False
    index, says_something = 0, False
    while index < len(plain):
        match = _NEXT.match(plain, index)
        if match is None:
            return False
        says_something = says_something or match["talk"] is not None
        index = match.end()
    return says_something


def _plain(words: str) -> str:
    """Letters, digits and single spaces: without accents, punctuation, emoji, and repetitions (`hiiii`, `哈哈哈`)."""
    folded = unicodedata.normalize("NFKD", words.casefold()).translate(_APOSTROPHES)
    kept = unicodedata.normalize("NFC", "".join(map(_letter, folded)))
    return re.sub(r"(\w)\1{2,}", r"\1", " ".join(kept.split()))


def _letter(each: str) -> str:
    if each.isalnum():
        return each
    # Accents are dropped, here and in the phrases.
    return "" if unicodedata.category(each) in {"Mn", "Cf", "Me"} else " "


def _phrases(words: str) -> str:
    """A pattern of alternatives, the longest first. In scripts without spaces, another word may follow at once."""
    found = {_plain(phrase) for line in words.split("\n") for phrase in line.split("|")} - {""}
    ordered = sorted(found, key=lambda one: (-len(one), one))
    return "|".join(re.escape(one) + ("" if _UNSPACED.match(one[-1]) else r"(?!\w)") for one in ordered)


_APOSTROPHES = {ord(each): None for each in "'’‘`´"}
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NEXT = re.compile(rf" ?(?:(?P<talk>{_phrases(_TALK)})|{_phrases(_FILLERS)})")
