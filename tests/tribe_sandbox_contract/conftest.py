"""One stand-in, fresh before every test: seeded anew, all switches at their default."""

import pytest
from tribe_sandbox.process import SandboxProcess

from .client import Api, Receiver


@pytest.fixture(scope="session", autouse=True)
def no_proxy():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="session")
def running_sandbox(no_proxy):
    with SandboxProcess(relations=60, invoices=40) as process:
        yield process


@pytest.fixture
def sandbox(running_sandbox):
    running_sandbox.reset(switches={})
    return running_sandbox


@pytest.fixture
def api(sandbox):
    client = Api(sandbox)
    yield client
    client.session.close()


@pytest.fixture
def receiver():
    listening = Receiver()
    yield listening
    listening.stop()
