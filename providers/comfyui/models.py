"""The table of ComfyUI's models: the operator's workflows."""

from collections.abc import Mapping
from dataclasses import dataclass

from providers.comfyui.workflow import Workflow
from providers.models import Model, ModelTable, ReferenceLimits

PLACEHOLDERS = {"ar": "width", "avoid": "negative", "seed": "seed"}
"""The placeholder behind each option that a workflow may lack."""
SHAPES = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComfyUIModel(Model):
    """A workflow as a model. All of its references must be given."""

    workflow: Workflow


def table_of(workflows: Mapping[str, Workflow]) -> ModelTable[ComfyUIModel]:
    """The table of these workflows."""
    rows = [_row(name, workflow) for name, workflow in workflows.items()]
    return ModelTable(rows, unknown=rows[0])


def _row(name: str, workflow: Workflow) -> ComfyUIModel:
    count = workflow.references
    limits = ReferenceLimits(count=count, size=20 << 20, side=8192, ratio=(1 / 16, 16)) if count else None
    return ComfyUIModel(
        name=name,
        title=f"ComfyUI {name}",
        prompt_length=4000,
        references=limits,
        choices={option: () for option, placeholder in PLACEHOLDERS.items() if not workflow.has(placeholder)},
        cancels=True,
        streams=True,
        priced_by="nothing",
        workflow=workflow,
    )
