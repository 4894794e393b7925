"""A stop while the bot still waits for Telegram: `docker stop` and systemd don't wait until they kill it."""

from pathlib import Path

from tests.support.bot_process import BotProcess

TOKEN = "123456:ABC-DEF"
NOBODY = "http://127.0.0.1:9"


async def test_a_stop_ends_the_start(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[telegram]\ntoken = "{TOKEN}"\napi_url = "{NOBODY}"\n[web]\nport = 0\n'
        f'[storage]\nurl = "sqlite:///{tmp_path}/bot.db"\n[providers.jimeng]\naccess_key = "a"\nsecret_key = "s"\n'
    )
    bot = await BotProcess.start(config, "retrying in")
    bot.terminate()
    assert await bot.gone() == 0
    assert "Traceback" not in bot.log
