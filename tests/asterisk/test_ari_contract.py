"""The port Telephony on a real Asterisk: the same promises as tests/service/test_telephony_contract."""

from __future__ import annotations

import pytest
import pytest_asyncio

from engine.core.inputs import NodeConnected
from tests.support.ari_lab import AriLab, lab_world
from tests.support.telephony_away import TelephonyAway
from tests.support.telephony_contract import Posted, TelephonyContract
from tests.support.telephony_features import TelephonyFeatures

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.real_time,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(tmp_path_factory):
    async with AriLab(tmp_path_factory.mktemp("ari") / "asterisk") as running:
        yield running


class TestTelephonyOfAsterisk(TelephonyContract, TelephonyFeatures, TelephonyAway):
    """The promises."""

    @pytest.fixture
    def posted(self):
        return Posted()

    @pytest_asyncio.fixture(loop_scope="module")
    async def world(self, lab, posted):
        async with lab_world(lab, posted) as made:
            yield made

    @pytest_asyncio.fixture(loop_scope="module")
    async def up(self, world, posted):
        async with self.running(world):
            await posted.first(NodeConnected)
            yield
