"""The aspect ratios of services that host many models; each model takes some of them."""

from typing import Literal

Shape = Literal[
    "auto",
    "1:1",
    "3:2",
    "2:3",
    "4:3",
    "3:4",
    "5:4",
    "4:5",
    "7:5",
    "5:7",
    "16:9",
    "9:16",
    "2:1",
    "1:2",
    "21:9",
    "9:21",
    "4:1",
    "1:4",
    "8:1",
    "1:8",
]
"""Width:height, or "auto": the first reference's, else the model chooses."""
