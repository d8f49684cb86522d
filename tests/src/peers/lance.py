"""Plain LanceDB in a process of its own, by its optimised Python package: builds, tunes, measures, writes figures.

lance.py DIRECTORY SECONDS KIND [FORM]: reads what data.rs wrote into DIRECTORY and writes DIRECTORY/<KIND>.json in the form
of figures.rs. The event loop only passes queries on; the work is done by the package's own threads.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import lancedb
import numpy
import pyarrow
from lancedb.index import BTree, HnswFlat, HnswSq, IvfRq

TOP_K = 10
WANTED = 0.95
BATCH = 10_000
WARM_UP = 20
DISTANCE = "dot"  # The vectors have length 1.

# Index, and efforts from little to much: partitions probed, candidates of the graph, rows read again exactly per hit.
KINDS = {
    "hnsw_sq": (HnswSq(distance_type=DISTANCE), [(1, ef, 2) for ef in (24, 32, 48, 64, 96, 128, 192, 256, 512, 1024)]),
    "hnsw_flat": (HnswFlat(distance_type=DISTANCE), [(1, ef, 0) for ef in (16, 32, 48, 64, 96, 128, 192, 256, 512, 1024)]),
    "ivf_rq": (
        IvfRq(distance_type=DISTANCE),
        [(probes, 0, refine) for probes in (1, 2, 4, 8, 16, 32) for refine in (5, 10, 20, 40)],
    ),
}


def resident() -> int:
    """Bytes of memory of this process, shared pages by their share."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel does not tell the process's memory")


class Peer:
    def __init__(self, directory: Path, form: dict) -> None:
        self.directory = directory
        self.dimension = form["dimension"]
        self.queries = numpy.fromfile(directory / "queries.f32", "<f4").reshape(-1, self.dimension)
        self.table = None

    async def build(self, index) -> float:
        vectors = numpy.memmap(self.directory / "vectors.f32", "<f4", "r").reshape(-1, self.dimension)
        schema = pyarrow.schema(
            [
                ("id", pyarrow.uint32()),
                ("bucket", pyarrow.int64()),
                ("vector", pyarrow.list_(pyarrow.float32(), self.dimension)),
            ]
        )
        started = time.perf_counter()
        connection = await lancedb.connect_async(str(self.directory / "lance"))
        self.table = await connection.create_table("items", schema=schema, mode="overwrite")
        for start in range(0, len(vectors), BATCH):
            part = numpy.ascontiguousarray(vectors[start : start + BATCH])
            ids = numpy.arange(start, start + len(part), dtype="u4")
            column = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(part.ravel()), self.dimension)
            batch = pyarrow.record_batch([ids, (ids % 100).astype("i8"), column], schema=schema)
            await self.table.add(batch)
        await self.table.create_index("bucket", config=BTree())
        await self.table.create_index("vector", config=index)
        await self.table.optimize()
        return time.perf_counter() - started

    async def search(self, number: int, below: int, effort) -> list[int]:
        probes, ef, refine = effort
        query = self.table.query().nearest_to(self.queries[number]).distance_type(DISTANCE)
        query = query.nprobes(probes)
        if ef:
            query = query.ef(ef)
        if refine:
            query = query.refine_factor(refine)
        if below < 100:
            query = query.where(f"bucket < {below}")
        found = await query.select(["id", "_distance"]).limit(TOP_K).to_arrow()
        return found.column("id").to_pylist()

    async def recall(self, numbers: range, truth, below: int, effort) -> float:
        found = 0
        for number in numbers:
            found += len(set(await self.search(number, below, effort)) & set(truth[number].tolist()))
        return found / len(numbers) / TOP_K

    async def loop(self, clients: int, seconds: float, numbers: range, below: int, effort) -> dict:
        async def ask(client: int, deadline: float, times: list) -> None:
            turn = client * 61
            while (asked := time.perf_counter()) < deadline:
                await self.search(numbers[turn % len(numbers)], below, effort)
                times.append(time.perf_counter() - asked)
                turn += 1

        for number in numbers[:WARM_UP]:
            await self.search(number, below, effort)
        times: list = []
        started = time.perf_counter()
        await asyncio.gather(*(ask(client, started + seconds, times) for client in range(clients)))
        spent = time.perf_counter() - started
        p50, p99 = numpy.percentile(times, [50, 99]) * 1e3
        return {"clients": clients, "p50_ms": p50, "p99_ms": p99, "per_second": len(times) / spent}


async def main(directory: Path, seconds: float, kind: str) -> None:
    form = json.loads((directory / "form.json").read_text(encoding="utf-8"))
    tuning, measured = range(form["tuning"]), range(form["tuning"], form["queries"])
    before = resident()
    peer = Peer(directory, form)
    index, efforts = KINDS[kind]
    build = await peer.build(index)
    shares = []
    for share in form["shares"]:
        truth = numpy.fromfile(directory / share["truth"], "<u4").reshape(-1, TOP_K)
        for effort in efforts:
            if await peer.recall(tuning, truth, share["below"], effort) < WANTED:
                continue
            if await peer.recall(measured, truth, share["below"], effort) >= WANTED:
                break
        recall = await peer.recall(measured, truth, share["below"], effort)
        figures = [await peer.loop(n, seconds, measured, share["below"], effort) for n in form["clients"]]
        told = "probes {}, ef {}, refine {}".format(*effort)
        shares.append({"below": share["below"], "effort": told, "recall": recall, "figures": figures})
        print(kind, shares[-1], flush=True)
    result = {"build_s": build, "memory": resident() - before, "shares": shares}
    (directory / f"lancedb-{kind}.json").write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))
