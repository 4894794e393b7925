"""Wan and Qwen-Image on Alibaba's DashScope (百炼), submitted and polled. Document: help.aliyun.com/zh/model-studio."""

from providers.dashscope.options import DashScopeOptions, DashScopeSettings
from providers.dashscope.provider import DashScope

__all__ = ["DashScope", "DashScopeOptions", "DashScopeSettings"]
