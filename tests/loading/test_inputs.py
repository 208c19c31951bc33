"""Several files, packed ones, and standard input, against a real Kafka."""

import gzip
import signal
import subprocess
import zipfile

from tests.loading.scene import (
    HEADER,
    Scene,
    ids,
    row,
    written,
)
from tests.stream.members import awaited


def test_several_files_of_each_kind_are_loaded_one_after_the_other(scene: Scene) -> None:
    plain = written(scene.folder / "a.csv", row(1), row(2))
    packed = scene.folder / "b.csv.gz"
    packed.write_bytes(gzip.compress(f"{HEADER}\n{row(3)}\n".encode()))
    archive = scene.folder / "c.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("data/2014.csv", f"{HEADER}\n{row(4)}\n")
        made.writestr("data/2015.csv", f"{HEADER}\n{row(5, '')}\n{row(6)}\n")
        made.writestr("__MACOSX/data/2014.csv", b"\x00\x05\x16\x07")

    ended = scene.loaded(plain, packed, archive)

    assert ended.returncode == 0, ended.stderr
    assert scene.report_ids() == ids(1, 2, 3, 4, 6)
    assert "c.zip/data/2015.csv: 2 rows" in ended.stdout
    assert "all files: 6 rows" in ended.stdout
    assert (scene.folder / "c.zip.data_2015.csv.rejected.csv").exists()


def test_standard_input_is_loaded_and_begins_anew_unless_a_checkpoint_is_named(
    scene: Scene,
) -> None:
    given = f"{HEADER}\n{row(1)}\n{row(2)}\n".encode()
    places = ("--rejected", scene.folder)

    for _ in range(2):
        assert scene.loaded("-", *places, given=given).returncode == 0
    assert scene.report_ids() == ids(1, 1, 2, 2)

    places = (*places, "--checkpoint", scene.folder)
    assert scene.loaded("-", *places, "--limit", 1, given=gzip.compress(given)).returncode == 0
    assert scene.loaded("-", *places, given=gzip.compress(given)).returncode == 0
    assert scene.report_ids() == ids(1, 1, 1, 2, 2, 2)


def test_waiting_for_standard_input_it_stops_when_told_and_sends_no_half_row(scene: Scene) -> None:
    given = "\n".join((HEADER, *map(row, range(5_000)), "")).encode()
    command = scene.command("-", "--checkpoint", scene.folder, "--rejected", scene.folder)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin
        child.stdin.write(given + b"1400099999,07/04/2013,46,08")
        child.stdin.flush()
        assert awaited(lambda: scene.records_count() >= 5_000)
        child.send_signal(signal.SIGTERM)
        assert child.wait(30) == 1
    assert scene.report_ids() == ids(*range(5_000))

    ended = scene.loaded("-", "--checkpoint", scene.folder, given=given + row(5_000).encode())

    assert ended.returncode == 0, ended.stderr
    assert scene.report_ids() == ids(*range(5_001))
