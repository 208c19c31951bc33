import pytest
from click import ClickException

from local.run_folder import claimed


def test_the_next_run_finds_its_folder_empty(tmp_path):
    with claimed(tmp_path / "run") as folder:
        (folder / "kafka").mkdir()
        (folder / "kafka" / "data").touch()
        (folder / "ledger.jsonl").touch()
    with claimed(tmp_path / "run") as folder:
        assert [path.name for path in folder.iterdir()] == [".dronewatch-run"]


def test_two_runs_cannot_share_a_folder(tmp_path):
    refused = pytest.raises(ClickException, match="another run is using")
    with claimed(tmp_path / "run"), refused, claimed(tmp_path / "run"):
        pass


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").touch()
    refused = pytest.raises(ClickException, match=r"cannot write .*file/run")
    with refused, claimed(tmp_path / "file" / "run"):
        pass
