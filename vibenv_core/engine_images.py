"""The images of a Docker engine, and the registries that it has them from."""

from __future__ import annotations

import threading
from datetime import timedelta
from time import monotonic

import docker.errors

from . import replies
from .engine_calls import Calls, translated
from .errors import EngineError, Interrupted
from .model import Image, Progress, Step, StepState
from .refusals import refusal


class ImageCalls(Calls):
    """The calls about images."""

    def image(self, reference: str) -> Image | None:
        """An image that the engine has, None when it has none of that name."""
        with translated(self.host):
            try:
                found = self._client.inspect_image(reference)  # type: ignore[no-untyped-call]
            except docker.errors.NotFound:
                return None
            return replies.image(found, reference=reference)

    def images(self) -> list[str]:
        """The names that images of the engine have, sorted."""
        with translated(self.host):
            return sorted(name for image in self._client.images() for name in image["RepoTags"] or ())

    def pull(self, reference: str, *, progress: Progress, cancelled: threading.Event) -> None:
        """Have the engine pull an image; what it had of it before is kept when this fails.

        Raises: NotFound (the registry has no such image), EngineError (it cannot be reached), Interrupted.
        """
        begun, layers = monotonic(), dict[str, float]()
        step = f"pull {reference}"
        with translated(self.host):
            for event in self._client.pull(reference, stream=True, decode=True):
                if cancelled.is_set():
                    raise Interrupted(step)
                if "error" in event:
                    raise refusal(0, event["error"])
                fraction = replies.pulled(layers, event)
                progress(Step(step=step, state=StepState.RUNNING, fraction=fraction))
        progress(Step(step=step, state=StepState.DONE, took=timedelta(seconds=monotonic() - begun)))

    def tag(self, source: str, target: str) -> None:
        """Give the image `source` the name `target` as well. Raises: NotFound."""
        repository, _, tag = target.rpartition(":")
        with translated(self.host):
            self._client.tag(source, repository, tag)

    def push(self, reference: str, *, cancelled: threading.Event) -> str:
        """Have the engine push an image to its registry: the digest that it has there.

        Raises: NotFound, EngineError (the registry cannot be reached, or refused), Interrupted.
        """
        digest = ""
        with translated(self.host):
            for event in self._client.push(reference, stream=True, decode=True):
                if cancelled.is_set():
                    raise Interrupted(f"push {reference}")
                if "error" in event:
                    raise refusal(0, event["error"])
                # Docker would try five times, for over a minute; a registry next door says no for good.
                if event.get("status", "").startswith("Retrying in"):
                    raise EngineError(
                        f"the registry did not take {reference}",
                        code="registry::refused",
                        help="its log tells why: docker logs registry",
                    )
                digest = event.get("aux", {}).get("Digest", digest)
        return digest

    def remove_image(self, reference: str) -> None:
        """Take a name from an image, and the image away with its last name. Raises: NotFound."""
        with translated(self.host):
            self._client.remove_image(reference)

    def why_no_registry(self, address: str) -> str | None:
        """Why the engine cannot reach the registry at `address` (HOST:PORT); None when it can.

        The engine is made to ask the registry for an image that it need not have, so this holds for an engine
        anywhere.
        """
        with translated(self.host):
            try:
                self._published(f"{address}/vibenv-launcher:latest")
            except docker.errors.APIError as error:
                return None if error.status_code in (401, 403) else str(error.explanation)
            return None

    def published(self, reference: str) -> str | None:
        """The digest of `reference` in its registry, as the engine reaches that; None when it is not there.

        Raises: EngineError (the registry cannot be reached).
        """
        with translated(self.host):
            return self._published(reference)

    def _published(self, reference: str) -> str | None:
        try:
            digest: str = self._get_json(f"/distribution/{reference}/json")["Descriptor"]["digest"]
        except docker.errors.NotFound:
            return None
        return digest
