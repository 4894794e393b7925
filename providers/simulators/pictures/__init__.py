"""The pictures that simulated services answer with: ready cut-outs and backgrounds, put together by the words."""
