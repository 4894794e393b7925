"""ComfyUI, a local workflow server. Document: docs.comfy.org/development/comfyui-server/comms_routes."""

from providers.comfyui.options import ComfyUIOptions, ComfyUISettings
from providers.comfyui.provider import ComfyUI

__all__ = ["ComfyUI", "ComfyUIOptions", "ComfyUISettings"]
