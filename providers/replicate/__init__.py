"""Image models on Replicate. Document: replicate.com/docs/reference/http."""

from providers.replicate.options import ReplicateOptions, ReplicateSettings
from providers.replicate.provider import Replicate

__all__ = ["Replicate", "ReplicateOptions", "ReplicateSettings"]
