"""Jimeng (即梦) of Volcengine's visual API: 4.0 (docs/85621/1817045), its siblings and the upscaler."""

from providers.jimeng.options import JimengOptions
from providers.jimeng.provider import Jimeng
from providers.jimeng.settings import JimengSettings

__all__ = ["Jimeng", "JimengOptions", "JimengSettings"]
