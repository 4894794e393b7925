"""OpenAI Images, and every service with the same API. Document: platform.openai.com/docs/api-reference/images."""

from providers.openai.options import OpenAIOptions, OpenAISettings
from providers.openai.provider import OpenAI

__all__ = ["OpenAI", "OpenAIOptions", "OpenAISettings"]
