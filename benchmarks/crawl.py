"""Reading sites: 500 pages on 100 local hosts that take 50 to 200 ms each, beside the least time that can take.

The ideal is the time of a crawler that costs nothing: the hosts' own waiting, spread as evenly as whole hosts can be
over the threads that are allowed, and never less than the longest host alone.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import time
from datetime import date

from benchmarks._report import finish, load, table

HOSTS = 100
PAGES = 5  # and a robots.txt, which counts as a request like any other
AT_ONCE = 24


def latency(host: str, path: str) -> float:
    """Seconds that this page takes; the same each time it is asked for."""
    return random.Random(f"{host}{path}").uniform(0.05, 0.2)


PATHS = ("/robots.txt", "/", "/write-for-us", "/contact", "/about", "/team")
FILLER = "<p>Soil, water, light and patience are all that a plant on a balcony asks for, and little of each.</p>" * 60


def html_of(host: str, path: str) -> str:
    links = "".join(f'<a href="{each}">{each.strip("/")}</a> ' for each in PATHS[2:])
    return f"<title>{host}</title><h1>{path}</h1>{links}{FILLER}<p>Ann Lee, Editor: ann{len(path)}@{host}</p>"


def serve() -> None:
    """The hosts, in a process of their own; prints its port."""
    import asyncio  # noqa: PLC0415

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ", 2)[1]
        host = next(line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.lower().startswith("host:"))
        await asyncio.sleep(latency(host, path))
        status, body = ("404 Not Found", b"") if path == "/robots.txt" else ("200 OK", html_of(host, path).encode())
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await server.serve_forever()

    asyncio.run(run())


def ideal_seconds(hosts: list[str], at_once: int) -> float:
    """The longest hosts first, each to the thread that is free first: within a third of the best there is (Graham)."""
    each = sorted((sum(latency(host, path) for path in PATHS) for host in hosts), reverse=True)
    threads = [0.0] * at_once
    for seconds in each:
        threads[threads.index(min(threads))] += seconds
    return max(*threads, each[0])


def rss_mb() -> float:
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--hosts", type=int, default=HOSTS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks._settings")
    import django  # noqa: PLC0415

    django.setup()
    from campaigns.discovery.crawl import Polite, read_sites  # noqa: PLC0415
    from tests.internet import way_to  # noqa: PLC0415

    server = subprocess.Popen([sys.executable, "-m", "benchmarks.crawl", "--serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        way = way_to({"http": int(server.stdout.readline())})
        polite = Polite(pause=0.0, pages=PAGES, way=way)
        hosts = [f"site{number}.example{number}.org" for number in range(options.hosts)]

        def crawl(names: list[str]) -> tuple[float, int]:
            started = time.perf_counter()
            pages = sum(
                len(site.pages)
                for site in read_sites(
                    [f"http://{name}/" for name in names], today=date(2026, 11, 26), polite=polite, at_once=AT_ONCE
                )
            )
            return time.perf_counter() - started, pages

        crawl(hosts[:AT_ONCE])  # Libraries are loaded, threads have begun, patterns are compiled.
        before = rss_mb()
        runs = [crawl(hosts) for _ in range(3)]
        grown = rss_mb() - before
    finally:
        server.terminate()
        server.wait()
    seconds, pages = sorted(runs)[1]
    ideal = ideal_seconds(hosts, AT_ONCE)
    table(
        f"Reading {options.hosts} sites, {AT_ONCE} at once, median of 3 ({load()})",
        ["", "figure"],
        [
            ["pages read", f"{pages:,}"],
            ["seconds", f"{seconds:.2f}"],
            ["the hosts' own waiting alone", f"{ideal:.2f}"],
            ["ours over that", f"{seconds / ideal:.2f}"],
            ["pages a second", f"{pages / seconds:,.0f}"],
            ["memory grown over three crawls, MB", f"{grown:.1f}"],
        ],
    )
    finish(
        {
            "ideal_ratio": round(seconds / ideal, 3),
            "pages_per_s": round(pages / seconds, 1),
            "rss_growth_mb": round(grown, 1),
        }
    )


if __name__ == "__main__":
    main()
