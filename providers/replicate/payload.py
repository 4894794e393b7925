"""The input of a model, by its row."""

from collections.abc import Sequence

from providers.replicate.models import ReplicateModel
from providers.replicate.options import ReplicateOptions
from providers.single_field import in_field


def payload(row: ReplicateModel, prompt: str, options: ReplicateOptions, addresses: Sequence[str]) -> dict[str, object]:
    """The input for this prompt, with the `addresses` of its references. A shape is only forced if it was asked for."""
    given: dict[str, object] = {"prompt": prompt}
    if addresses:
        given[row.reference_field] = in_field(row.reference_field, addresses)
    if shape := options.ar if options.ar != "auto" else row.keeps if addresses else "":
        given["aspect_ratio"] = shape
    if size := row.sizes.get(options.size):
        given[row.size_field] = size
    return given
