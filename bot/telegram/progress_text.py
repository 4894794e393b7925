"""The text of progress in the status message."""

from aiogram.utils.i18n import gettext as _

from bot.jobs.ports import Phase, Progress
from bot.telegram.formatting import bar, duration, say


def words(progress: Progress) -> str:
    """Progress as text in the current language, escaped."""
    match progress.phase:
        case Phase.PREPARING:
            return _("👀 Got it.")
        case Phase.WAITING:
            return _waiting(progress)
        case Phase.PAUSED:
            return _paused(progress)
        case Phase.WORKING:
            return _working(progress)
        case Phase.DELIVERING:
            return _delivering(progress)


def _waiting(progress: Progress) -> str:
    if progress.place is None or progress.place <= 1:
        text = _("⏳ You are next.")
    else:
        text = _("⏳ Number {place} in the queue.").format(place=progress.place)
    return text if progress.left is None else f"{text}\n{_about(progress.left)}"


def _paused(progress: Progress) -> str:
    lines = [_("Your request stays in the queue and continues by itself.")]
    if progress.why:
        lines.insert(0, say(progress.why))
    return "⏸ " + "\n".join(lines)


def _working(progress: Progress) -> str:
    text = _("🎨 Drawing…")
    if progress.total > 1:
        text = _("🎨 Drawing… {done} of {total} ready").format(done=progress.done, total=progress.total)
    lines = [text]
    if progress.fraction is not None:
        left = "" if progress.left is None or progress.is_late else f"  {_about(progress.left)}"
        lines.append(bar(progress.fraction) + left)
    if progress.is_late:
        lines.append(_("longer than usual, {time} so far").format(time=duration(progress.elapsed)))
    elif progress.fraction is None and progress.elapsed >= 1:
        lines.append(duration(progress.elapsed))
    return "\n".join(lines)


def _delivering(progress: Progress) -> str:
    if progress.why is None:
        return _("📤 Done! Sending…")
    text = _("📤 Done, but I can't send it yet: {why}").format(why=say(progress.why))
    if progress.retry_in is None:
        return text
    again = _("Trying again in {time}.").format(time=duration(progress.retry_in))
    return f"{text}\n{again}"


def _about(seconds: float) -> str:
    return _("about {time} left").format(time=duration(seconds))
