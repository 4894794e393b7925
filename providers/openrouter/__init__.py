"""Image models through OpenRouter. Document: openrouter.ai/docs/guides/overview/multimodal/image-generation."""

from providers.openrouter.options import OpenRouterOptions, OpenRouterSettings
from providers.openrouter.provider import OpenRouter

__all__ = ["OpenRouter", "OpenRouterOptions", "OpenRouterSettings"]
