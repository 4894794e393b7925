"""Seedream on Volcengine Ark (火山方舟). Document: docs/82379/1541523."""

from providers.ark.options import ArkOptions, ArkSettings
from providers.ark.provider import Ark

__all__ = ["Ark", "ArkOptions", "ArkSettings"]
