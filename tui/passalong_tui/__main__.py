"""Where the console starts. Imports nothing heavy until it is run, so that `--help` elsewhere stays instant."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

    Connect = Callable[[], AbstractAsyncContextManager[httpx2.AsyncBaseTransport | None]]


def run(*, base_url: str, key: str, operator: str, connect: Connect | None = None) -> None:
    """Runs the console until it is quit.

    `connect` is entered in the console's event loop and left when the console ends. It yields a transport, in
    process for a local database, or None for the network. `operator` is the name that decisions suggest as "by".
    What `connect` raises reaches the caller before the terminal is touched.
    """
    import asyncio
    import gc

    gc.disable()  # until all is imported: none of it is ever rubbish, and looking for that takes a fifth of the time
    code = asyncio.run(_run(base_url, key, operator, connect))
    if code:
        raise SystemExit(code)


async def _run(base_url: str, key: str, operator: str, connect: Connect | None) -> int:
    import gc
    from contextlib import AsyncExitStack, suppress

    from passalong_tui import garbage
    from passalong_tui.app import Console
    from passalong_tui.client import Client
    from passalong_tui.memory import home, recall, remember

    memory = recall(home())
    # The context is entered and left by one and the same task, as task groups inside it need.
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(connect()) if connect else None
        client = await stack.enter_async_context(Client(base_url, key, transport))
        console = Console(client, operator, memory=memory, settle=garbage.settle, tidy=gc.collect)
        garbage.begin()
        try:
            await console.run_async()
        finally:
            with suppress(OSError):  # what is not remembered is no reason to fail
                remember(memory, home())
        return console.return_code or 0
