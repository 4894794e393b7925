"""Gemini's image models. Document: ai.google.dev/gemini-api/docs/image-generation."""

from providers.gemini.options import GeminiOptions, GeminiSettings
from providers.gemini.provider import Gemini

__all__ = ["Gemini", "GeminiOptions", "GeminiSettings"]
