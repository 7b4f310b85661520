"""Write `dispatch/api/contract/examples.json` anew, from a service of its own."""

import asyncio
import json
import sys
from argparse import ArgumentParser
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx

from dispatch.api.contract import examples
from scripts.contract_examples.recorder import Recorder
from scripts.contract_examples.scenario import record
from scripts.own_service import own_service

FILE = Path(examples.__file__).with_name("examples.json")


async def main() -> None:
    async with own_service() as service:

        async def make_key(name: str, role: str, unit: str | None) -> str:
            bound = ["--unit", unit] if unit else []
            command = (
                "-m",
                "dispatch",
                "keys",
                "add",
                name,
                "--role",
                role,
                *bound,
                "--state",
                str(service.state / "state"),
            )
            process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
            return (await process.communicate())[0].decode().strip()

        headers = {"Authorization": f"Bearer {service.key}"}
        async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=60, trust_env=False) as http:
            found = await record(Recorder(http), service.url, service.key, make_key)
    FILE.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    print(f"{len(found['operations'])} operations and {len(found['messages'])} messages in {FILE.name}")


if __name__ == "__main__":
    ArgumentParser(prog="scripts/record_examples", description=__doc__).parse_args()
    asyncio.run(main())
