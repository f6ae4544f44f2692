"""The real product, a real engine and a real browser, once for all flows.

Everything of Playwright ends with this folder: its event loop would stand in the way of Django's database calls
in the tests that follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browser import Watch, launch, window
from tests.e2e.product import Fleet, Probed, Product, tls_credential
from tests.engines import Engine
from tests.platform.instances import ROOT, Instance

HERE = Path(__file__).parent
# Generous, because the first test that asks for the product, the engine and the browser waits for all three.
_TIMEOUT_SECONDS = 240

CAREFUL = {
    "user": "1000",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mem_limit": "64m",
    "pids_limit": 64,
}
CARELESS = {
    "cap_add": ["SYS_ADMIN"],
    "pid_mode": "host",
    "volumes": {"/etc": {"bind": "/data", "mode": "rw"}},
}

Open = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.engine)
            item.add_marker(pytest.mark.timeout(_TIMEOUT_SECONDS))


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Plimsoll as `make run` starts it, without any node."""
    if not (ROOT / "frontend" / "dist" / "index.html").exists():
        pytest.fail("The front end is not built. Build it: python3 tools/environment.py frontend build")
    var = tmp_path_factory.mktemp("plimsoll") / "var"
    nowhere = f"unix://{var}/no-engine.sock"
    with Instance(
        var,
        PLIMSOLL_TICK_SECONDS="1",
        DOCKER_HOST=nowhere,
        PLIMSOLL_WORKERS="2",
        PLIMSOLL_WEBHOOKS_ALLOW_PLAINTEXT="1",
    ) as instance:
        instance.wait_ready()
        yield Product(instance)
        assert instance.end()[0] == 0


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def fleet(product: Product, docker_engine: Engine) -> Iterator[Fleet]:
    """A node over TCP with TLS whose engine runs a careful and two careless containers, pulled once."""
    with ExitStack() as stack:
        stack.enter_context(docker_engine.container("careful", **CAREFUL))
        stack.enter_context(docker_engine.container("careless", **CARELESS))
        stack.enter_context(
            docker_engine.container("forgotten", start=False, environment={"DB_PASSWORD": "hunter2hunter2"})
        )
        node = product.add_node(
            "quay-1",
            docker_engine.tcp_address,
            credential=tls_credential(docker_engine),
            interval_seconds=86400,
        )
        pull = product.ended_pull(product.rows("/pulls", node=node["id"])[0]["id"])
        assert pull["state"] in {"succeeded", "partial"}, pull["error"]
        node = product.get(f"/nodes/{node['id']}")
        yield Fleet(docker_engine, node, product.get(f"/hosts/{node['host']['id']}"))


@pytest.fixture(scope="package")
def probed(product: Product) -> Probed:
    """Three hosts as a host probe tells of them."""
    product.manage("shell", "-c", "from tests.e2e import probed_hosts; probed_hosts.write()")
    hosts = {row["name"]: row["id"] for row in product.rows("/host-defences", search="pilot-")}
    containers = {
        row["name"]: row["id"] for row in product.rows("/container-defences", host=hosts["pilot-1"])
    }
    return Probed(hosts, containers)


@pytest.fixture(scope="package")
def administrator(product: Product, chromium: Browser) -> Any:
    """The cookies of the first administrator."""
    return product.session(chromium)


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Fails the test when a page wrote an error or a warning into its console."""
    watch = Watch()
    yield watch
    assert not watch.complaints, "\n".join(watch.complaints)


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, product: Product, chromium: Browser, watch: Watch
) -> Iterator[Open]:
    """Opens windows that nobody is logged in to, unless given `state`; they close after the test."""
    pages: list[Page] = []
    with ExitStack() as stack:

        def opens(**options: Any) -> Page:
            manager: AbstractContextManager[Page] = window(chromium, product.address, watch, **options)
            pages.append(stack.enter_context(manager))
            return pages[-1]

        yield opens
        if request.node.stash.get(_FAILED, False):
            folder = ROOT / "test-results"
            folder.mkdir(exist_ok=True)
            name = re.sub(r"\W+", "-", request.node.name)
            for number, page in enumerate(pages):
                page.screenshot(path=folder / f"{name}-{number}.png")


@pytest.fixture
def page(open_page: Open, administrator: Any) -> Page:
    """A desk-sized window in which the administrator is logged in."""
    return open_page(state=administrator)


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report
