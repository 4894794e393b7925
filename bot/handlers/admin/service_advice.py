"""A provider's advice for the operator, as the admins read it."""

import re
from html import escape

_TABLE = re.compile(r"\bproviders\.\w+\.")


def advice_for(name: str, advice: str) -> str:
    """The advice as HTML. It speaks of the table that is named after its kind of service; here it is `name`."""
    return f"<i>{escape(_TABLE.sub(lambda _: f'providers.{name}.', advice), quote=False)}</i>"
