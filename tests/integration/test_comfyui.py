"""The ComfyUI provider with its simulator: progress, resuming, cancelling, seeds, sizes, and its workflows."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession

from providers.base import Accepted, Finished, Queued, Working
from providers.comfyui import ComfyUI
from providers.errors import (
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    OutcomeUnknownError,
    TaskExpiredError,
)
from providers.simulators import Fault
from providers.simulators.calls import Call
from providers.testing.steps import failure, finished, raised, run, submit_only
from tests.support.comfyui import EXAMPLES, WORKFLOWS, ComfyUIHarness, open_comfyui

SETTINGS = {"endpoint": "{url}", "workflows": WORKFLOWS}


@pytest.fixture
async def comfyui() -> AsyncIterator[ComfyUIHarness]:
    async with open_comfyui(SETTINGS) as harness:
        yield harness


async def sent(comfyui: ComfyUIHarness, **options: Any) -> list[Any]:
    """The workflows that a request for these options makes."""
    request = comfyui.request("a red fox", **options)
    for part in comfyui.provider.split(request):
        await run(comfyui, part)
    return [task.details["graph"] for task in comfyui.simulator.tasks.values()]


def saved(tmp_path: Path, nodes: Any) -> str:
    """The file of a workflow."""
    file = tmp_path / "workflow.json"
    file.write_text(json.dumps(nodes))
    return str(file)


def example() -> Any:
    """The nodes of the example, with a file that the server doesn't have."""
    nodes = json.loads((EXAMPLES / "words.json").read_text())
    nodes["4"]["inputs"]["ckpt_name"] = "my.safetensors"
    return nodes


async def test_progress_and_previews_while_it_is_drawn(comfyui: ComfyUIHarness) -> None:
    comfyui.seconds = 60.0
    events = await run(comfyui, comfyui.request("a red fox"))
    shares = [event.progress for event in events if isinstance(event, Working) and event.progress is not None]
    assert len(shares) > 5
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
    previews = [event.preview for event in events if isinstance(event, Working) and event.preview]
    assert len(previews) > 1
    assert all(preview.startswith(b"\xff\xd8\xff") for preview in previews)


async def test_the_id_of_a_task_is_the_bots(comfyui: ComfyUIHarness) -> None:
    ticket = await submit_only(comfyui, comfyui.request("a red fox"))
    assert str(UUID(ticket)) == ticket
    task = comfyui.simulator.tasks[ticket]
    assert task.details["extra"]["client_id"] == ticket


async def test_a_resumed_task_has_progress_again(comfyui: ComfyUIHarness) -> None:
    """After a restart the options may name a workflow that is not set up any more."""
    comfyui.seconds = 60.0
    request = comfyui.request("a red fox")
    ticket = await submit_only(comfyui, request)
    later = replace(request, options=type(request.options).model_construct(model="removed", n=1))
    events = await run(comfyui, later, ticket)
    assert any(isinstance(event, Working) and event.progress for event in events)
    assert finished(events).pictures[0].seed == comfyui.simulator.tasks[ticket].seed
    assert comfyui.provider.most_pictures(later) >= 1
    assert comfyui.provider.model_name(later.options)


async def test_it_waits_behind_somebody_elses(comfyui: ComfyUIHarness) -> None:
    await submit_only(comfyui, comfyui.request("first"))
    await submit_only(comfyui, comfyui.request("second"))
    events = await run(comfyui, comfyui.request("third"))
    positions = [event.position for event in events if isinstance(event, Queued)]
    assert positions == [2, 1]


async def test_a_lost_answer_is_found_in_the_queue(comfyui: ComfyUIHarness) -> None:
    comfyui.simulator.faults.append(Fault(kind="lost", action="submit"))
    events = await run(comfyui, comfyui.request("a red fox"))
    assert finished(events).pictures
    assert comfyui.submitted == 1


async def test_a_lost_answer_of_an_older_server(comfyui: ComfyUIHarness) -> None:
    """It gave the task an id of its own, so that the task can't be told from those of others."""
    comfyui.simulator.is_old = True
    comfyui.simulator.faults.append(Fault(kind="lost", action="submit"))
    await failure(comfyui, comfyui.request("a red fox"), OutcomeUnknownError)
    assert comfyui.submitted == 1


async def test_an_older_server_gives_the_id(comfyui: ComfyUIHarness) -> None:
    comfyui.simulator.is_old, comfyui.seconds = True, 60.0
    events = await run(comfyui, comfyui.request("a red fox"))
    assert isinstance(events[0], Accepted)
    assert events[0].ticket in comfyui.simulator.tasks
    assert any(isinstance(event, Working) and event.progress for event in events)


@pytest.mark.parametrize("is_old", [False, True])
async def test_cancelling_what_waits(comfyui: ComfyUIHarness, *, is_old: bool) -> None:
    comfyui.simulator.is_old = is_old
    first = await submit_only(comfyui, comfyui.request("first"))
    request = comfyui.request("second")
    second = await submit_only(comfyui, request)
    assert await comfyui.provider.cancel(second)
    await failure(comfyui, request, TaskExpiredError, second)
    assert comfyui.simulator.state(comfyui.simulator.tasks[first]) == "running"


async def test_cancelling_what_runs(comfyui: ComfyUIHarness) -> None:
    request = comfyui.request("first")
    ticket = await submit_only(comfyui, request)
    other = await submit_only(comfyui, comfyui.request("second"))
    assert await comfyui.provider.cancel(ticket)
    error = await failure(comfyui, request, GenerationFailedError, ticket)
    assert error.paid is False
    assert comfyui.simulator.state(comfyui.simulator.tasks[other]) == "running"


async def test_an_older_server_is_never_interrupted(comfyui: ComfyUIHarness) -> None:
    """It would stop whatever runs by then, which may be somebody else's."""
    calls: list[Call] = []
    comfyui.simulator.on_call = calls.append
    comfyui.simulator.is_old = True
    ticket = await submit_only(comfyui, comfyui.request("first"))
    assert not await comfyui.provider.cancel(ticket)
    assert comfyui.simulator.state(comfyui.simulator.tasks[ticket]) == "running"
    assert "interrupt" not in {call.name for call in calls}


async def test_cancelling_what_has_ended(comfyui: ComfyUIHarness) -> None:
    async with aclosing(comfyui.provider.imagine(comfyui.request("a red fox"))) as events:
        tickets = [event.ticket async for event in events if isinstance(event, Accepted)]
    assert not await comfyui.provider.cancel(tickets[0])
    assert not await comfyui.provider.cancel("unknown")


async def test_every_picture_has_a_seed_of_its_own(comfyui: ComfyUIHarness) -> None:
    seeds = [graph["3"]["inputs"]["seed"] for graph in await sent(comfyui, n=3)]
    assert len(set(seeds)) == 3


async def test_a_seed_that_is_given(comfyui: ComfyUIHarness) -> None:
    seeds = [graph["3"]["inputs"]["seed"] for graph in await sent(comfyui, n=2, seed=7)]
    assert seeds == [7, 8]


async def test_what_is_filled_in(comfyui: ComfyUIHarness) -> None:
    graph = (await sent(comfyui, ar="16:9", avoid="hands"))[0]
    assert graph["5"]["inputs"] == {"width": 1344, "height": 768, "batch_size": 1}
    assert graph["6"]["inputs"]["text"] == "a red fox"
    assert graph["7"]["inputs"]["text"] == "hands"


async def test_defaults(comfyui: ComfyUIHarness) -> None:
    graph = (await sent(comfyui))[0]
    assert graph["5"]["inputs"] == {"width": 1024, "height": 1024, "batch_size": 1}
    assert graph["7"]["inputs"]["text"] == "blurry, watermark"


async def test_words_are_not_placeholders(comfyui: ComfyUIHarness) -> None:
    await run(comfyui, comfyui.request("a {seed} and {negative:x}"))
    (task,) = comfyui.simulator.tasks.values()
    assert task.prompt == "a {seed} and {negative:x}"


async def test_references_are_uploaded_for_a_while_only(comfyui: ComfyUIHarness) -> None:
    await run(comfyui, comfyui.request("both", comfyui.references(2, url=False)))
    assert len(comfyui.simulator.files) == 1, "the same picture is uploaded under one name"
    (name,) = comfyui.simulator.files
    assert name.startswith("imagine-bot/")
    assert name.endswith(".jpeg [temp]"), "ComfyUI empties that folder at its start"


async def test_too_few_references(comfyui: ComfyUIHarness) -> None:
    request = comfyui.request("x", model="two")
    with pytest.raises(InvalidRequestError, match=r"two needs 2 pictures .* or use --model words"):
        comfyui.provider.validate(request)
    one = replace(request, references=comfyui.references(1, url=False))
    with pytest.raises(InvalidRequestError, match="or use --model photo"):
        comfyui.provider.validate(one)
    comfyui.provider.validate(replace(request, references=comfyui.references(2, url=False)))


async def test_options_that_a_workflow_lacks(comfyui: ComfyUIHarness) -> None:
    with pytest.raises(ValueError, match="photo has no --ar"):
        comfyui.provider.Options.model_validate({"model": "photo", "ar": "16:9"})


async def test_a_task_that_fails(comfyui: ComfyUIHarness) -> None:
    error = await failure(comfyui, comfyui.request("a broken result"), GenerationFailedError)
    assert error.paid is False
    assert "node 3 (KSampler): RuntimeError: mat1 and mat2" in error.detail


async def test_pictures_are_at_the_servers_own_address(comfyui: ComfyUIHarness) -> None:
    events = await run(comfyui, comfyui.request("a red fox"))
    assert isinstance(events[-1], Finished)
    url = events[-1].pictures[0].url or ""
    assert url.startswith(f"{comfyui.simulator.url}/view?filename=")
    assert comfyui.provider.origins == {("127.0.0.1", int(comfyui.simulator.url.rpartition(":")[2]))}


async def test_check_names_what_the_server_lacks(tmp_path: Path) -> None:
    nodes = example()
    del nodes["3"]["inputs"]["steps"]
    nodes["9"]["class_type"] = "SaveWebp"
    async with open_comfyui({**SETTINGS, "workflows": {**WORKFLOWS, "mine": saved(tmp_path, nodes)}}) as harness:
        error = await raised(harness.provider.check(), MisconfiguredError)
    assert error.advice.split("; ") == [
        'workflow "mine": node 3 (KSampler) lacks its input steps',
        'workflow "mine": node 4 (CheckpointLoaderSimple) has ckpt_name "my.safetensors", which is not on this server',
        'workflow "mine": ComfyUI has no node 9 (SaveWebp): install its custom node',
        'workflow "mine" saves no picture: add a SaveImage',
    ]


async def test_the_only_workflow_is_broken(tmp_path: Path) -> None:
    only = {"mine": saved(tmp_path, example())}
    async with open_comfyui({**SETTINGS, "workflows": only}) as harness:
        error = await failure(harness, harness.request("x", model="mine"), MisconfiguredError)
    assert "node 4 (CheckpointLoaderSimple): Value not in list ckpt_name" in error.advice


async def test_one_of_several_workflows_is_broken(tmp_path: Path) -> None:
    """The others go on: one person's choice must not pause the server for everybody."""
    both = {**WORKFLOWS, "mine": saved(tmp_path, example())}
    async with open_comfyui({**SETTINGS, "workflows": both}) as harness:
        error = await failure(harness, harness.request("x", model="mine"), InvalidRequestError)
        assert "The workflow mine doesn't work on this image server" in str(error.sentence)
        assert finished(await run(harness, harness.request("a red fox"))).pictures


async def test_the_button_larger(tmp_path: Path) -> None:
    nodes = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "{reference_1}"}},
        "2": {
            "class_type": "ImageScaleBy",
            "inputs": {"image": ["1", 0], "upscale_method": "lanczos", "scale_by": 2},
        },
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "large"}},
    }
    workflows = {**WORKFLOWS, "large": saved(tmp_path, nodes)}
    async with open_comfyui({**SETTINGS, "workflows": workflows, "larger": "large"}) as harness:
        good = harness.request("a red fox")
        larger = harness.provider.enlarged(good.options, (64, 64))
        assert larger is not None
        assert harness.provider.enlarged(larger, (64, 64)) is None
        request = replace(good, options=larger, references=harness.references(1, url=False))
        harness.provider.validate(request)
        assert finished(await run(harness, request)).pictures
        (task,) = harness.simulator.tasks.values()
        assert (task.width, task.height) == (128, 128)


async def test_larger_needs_a_workflow_with_one_reference() -> None:
    with pytest.raises(ValueError, match='larger: "words" is not the name of a workflow'):
        ComfyUI.Settings.model_validate({"workflows": dict(WORKFLOWS), "larger": "words"})


async def test_a_login_that_is_not_passed(comfyui: ComfyUIHarness) -> None:
    comfyui.simulator.is_locked = True
    await raised(comfyui.provider.check(), MisconfiguredError)
    async with ClientSession() as session:
        provider = ComfyUI(
            ComfyUI.Settings.model_validate(
                {"endpoint": comfyui.simulator.url, "workflows": dict(WORKFLOWS), "token": comfyui.simulator.key}
            ),
            session,
        )
        await provider.check()
