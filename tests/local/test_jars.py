import json

import pytest
from click import ClickException

from local.cache import cached_folder
from local.jars import failure, ivy_settings, kafka_jars
from local.java import java_executable, java_version
from local.ports import free_port


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "dronewatch"


def test_a_repository_that_does_not_answer_is_named_and_leaves_no_half_cache(
    empty_cache, monkeypatch
):
    repository = f"http://127.0.0.1:{free_port()}/maven"
    monkeypatch.setenv("DRONEWATCH_MAVEN_REPOSITORY", repository)
    with pytest.raises(ClickException) as raised:
        kafka_jars()
    assert repository in raised.value.message
    assert "DRONEWATCH_MAVEN_REPOSITORY" in raised.value.message
    assert "\n" not in raised.value.message
    assert not (empty_cache / "kafka-4.3.1").exists()


def test_a_damaged_cache_is_filled_anew(empty_cache):
    fills = []

    def fill(folder):
        fills.append(folder.name)
        (folder / "a.jar").write_bytes(b"jar")
        (folder / "jars.json").write_text(json.dumps({"a.jar": 3}))

    def is_whole(folder):
        return (folder / "a.jar").exists() and (folder / "a.jar").stat().st_size == 3

    folder = cached_folder("jars", is_whole, fill)
    assert cached_folder("jars", is_whole, fill) == folder
    (folder / "a.jar").write_bytes(b"")
    assert (cached_folder("jars", is_whole, fill) / "a.jar").read_bytes() == b"jar"
    assert fills == ["jars.partial"] * 2


def test_an_interrupted_fill_is_no_cache(empty_cache):
    def interrupted(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_folder("jars", lambda folder: folder.exists(), interrupted)
    assert not (empty_cache / "jars").exists()
    folder = cached_folder("jars", lambda folder: folder.exists(), lambda _: None)
    assert list(folder.iterdir()) == []


def test_a_mirror_takes_the_place_of_maven_central(tmp_path):
    assert ' root="https://mirror/maven?a&amp;b"' in ivy_settings(
        tmp_path, "https://mirror/maven?a&b"
    )
    assert " root=" not in ivy_settings(tmp_path, None)


def test_a_failure_without_a_known_cause_shows_ivys_last_words():
    assert "strange things" in failure(["one line\n", "strange things\n"])


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_412"', 8),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21" 2023-09-19', 21),
        ("no such thing", None),
    ],
)
def test_javas_version_is_read(printed, version):
    assert java_version(printed) == version


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (None, "no Java in JAVA_HOME="),
        ("exit 1", "does not run"),
        ("echo 'openjdk version \"11.0.2\"' >&2", "is Java 11, which is too old"),
    ],
)
def test_a_java_that_will_not_do_is_named_with_the_remedy(tmp_path, monkeypatch, script, complaint):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if script:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "java").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / "java").chmod(0o755)
    with pytest.raises(ClickException, match=rf"(?s){complaint}.*install Java 17"):
        java_executable()
