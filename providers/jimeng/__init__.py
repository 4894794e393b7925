"""Jimeng 4.0 (即梦4.0) of Volcengine's visual API, and Jimeng 4.6. Document: docs/85621/1817045."""

from providers.jimeng.options import JimengOptions
from providers.jimeng.provider import Jimeng
from providers.jimeng.settings import JimengSettings

__all__ = ["Jimeng", "JimengOptions", "JimengSettings"]
