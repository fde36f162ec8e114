"""LitServe, as its documents show it: decode_request, predict, encode_response. python -m ...lit PORT usual|ours

With our parts it has two workers, so that one can decode while the other infers; with the usual ones, its default.
"""

import sys

import litserve

from benchmarks.service.peers import parts
from videoxception.clip import Frames

_BATCH, _WAIT = 8, 0.01  # clips, and seconds that a worker waits for more than one


class Usual(litserve.LitAPI):
    """PyAV and eager PyTorch."""

    make = staticmethod(parts.usual)

    def setup(self, device: str) -> None:
        """Load decoder and model; called once in each worker."""
        self.parts = self.make()

    def decode_request(self, request) -> Frames:  # LitServe takes an annotation of the request for a schema
        """Decode an upload to its clip."""
        return self.parts.clip(request["file"].file)

    def predict(self, clips: Frames) -> list[parts.Said]:
        """Return the answers of clips (B, F, H, W, 3), which LitServe has stacked."""
        return self.parts.answers(clips)

    def encode_response(self, said):  # the same
        """Return the answer unchanged."""
        return said


class Ours(Usual):
    """This project's decoding and engine."""

    make = staticmethod(parts.ours)


if __name__ == "__main__":
    api, workers = (Ours, 2) if sys.argv[2] == "ours" else (Usual, 1)
    server = litserve.LitServer(
        api(max_batch_size=_BATCH, batch_timeout=_WAIT), accelerator="cpu", workers_per_device=workers
    )
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
