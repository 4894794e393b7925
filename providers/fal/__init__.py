"""The image apps in fal's queue. Document: docs.fal.ai/model-apis/model-endpoints/queue."""

from providers.fal.options import FalOptions, FalSettings
from providers.fal.provider import Fal

__all__ = ["Fal", "FalOptions", "FalSettings"]
