"""What is remembered of keys: asked once for many requests, forgotten at the first word of a change."""

import asyncio

import pytest

from dispatch.api.identities import Identities, key_proof
from dispatch.errors import Unauthenticated, Unavailable
from dispatch.store.db import open_pool
from tests.keys import a_key

HERE = "192.0.2.1"


async def test_a_known_key_asks_the_database_nothing_until_something_changes(database_url: str) -> None:
    proof = key_proof(await a_key(database_url, "intake", name="app"))
    pool = await open_pool(database_url, size=1)
    identities = Identities(pool)
    identities.following.is_current = True
    holders = await asyncio.gather(*(identities.holder(proof, address=HERE) for _ in range(50)))
    assert {holder.name for holder in holders} == {"app"}
    # From here on whoever asks the database is told that it is away.
    await pool.close()
    for _ in range(1_000):
        assert (await identities.holder(proof, address=HERE)).role == "intake"
    with pytest.raises(Unavailable):
        await identities.holder(key_proof("another"), address=HERE)
    identities.following.announced("")
    with pytest.raises(Unavailable):
        await identities.holder(proof, address=HERE)


async def test_what_changes_in_the_midst_of_a_question_is_not_remembered(database_url: str) -> None:
    proof = key_proof(await a_key(database_url, "intake", name="app"))
    pool = await open_pool(database_url, size=1)
    identities = Identities(pool)
    # Its one connection is in use: the question waits for it, and the change comes meanwhile.
    busy = await pool.acquire()
    asking = asyncio.create_task(identities.holder(proof, address=HERE))
    await asyncio.sleep(0.05)
    await busy.execute("update api_key set revoked_at = now() where name = 'app'")
    identities.following.announced("")
    await pool.release(busy)
    with pytest.raises(Unauthenticated):
        await asking
    assert identities.known(proof) is None
    await pool.close()
