"""The settings of `[providers.comfyui]`, and the options a person may set for a picture."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, InstanceOf, SecretStr, model_validator

from providers.base import Address, ProviderSettings
from providers.comfyui.workflow import Workflow, load
from providers.options import N_, Options


class ComfyUISettings(ProviderSettings):
    """The server and its workflows. The README's section on ComfyUI tells how to write one."""

    endpoint: Address = Field("http://127.0.0.1:8188", description="where ComfyUI listens")
    workflows: Mapping[str, Annotated[InstanceOf[Workflow], BeforeValidator(load)]] = Field(
        min_length=1,
        description="the files of workflows by name, the default first",
        json_schema_extra={"how": "name the files of your workflows in a table [providers.comfyui.workflows]"},
    )
    larger: str | None = Field(None, description="the workflow of the button Larger: it takes one reference")
    token: SecretStr | None = Field(None, description="a bearer token, where a login stands before the server")
    time_limit: float = Field(1800, gt=0, description="seconds a task is watched before the person is told")

    @model_validator(mode="after")
    def _larger_takes_one(self) -> "ComfyUISettings":
        if self.larger is not None and (
            self.larger not in self.workflows or self.workflows[self.larger].references != 1
        ):
            raise ValueError(f'larger: "{self.larger}" is not the name of a workflow with {{reference_1}} alone')
        return self


class ComfyUIOptions(Options):
    """The flags of ComfyUI. A workflow without the placeholder behind one doesn't have it."""

    ar: Literal["auto", "1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9"] = Field(
        "auto", description=N_("the picture's shape (width:height)")
    )
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    avoid: str = Field(
        "",
        max_length=500,
        description=N_("what to leave out of the picture"),
        json_schema_extra={"allowed": N_("words in quotes")},
    )
    seed: int | None = Field(None, ge=0, le=2147483647, description=N_("the same number gives a similar picture"))
    model: str = Field("", description=N_("which model"), json_schema_extra={"allowed": N_("the name of a workflow")})
