"""The analysis with the rights that provisioning gives it: Spark, S3A and pyarrow ask for more
than one would think."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from local.minio import MinioServer
from services.archiving.minio_store import MinioStore
from services.archiving.s3_client import S3Location
from services.provisioning.policies import Access, Layout
from services.provisioning.store import Keys, administration, provision
from tests.analysis.rows import report, write_rows

ROOT = Path(__file__).parents[2]
USERS = {
    "archiving": Access(
        read=("reports/", "decisions/"), write=("reports/", "decisions/", "probes/")
    ),
    "analysis": Access(read=("reports/", "results/"), write=("results/",)),
}


def test_it_answers_what_archiving_put_and_writes_its_results(
    minio: MinioServer, tmp_path: Path
) -> None:
    bucket = f"bucket-{uuid4().hex[:12]}"
    keys = {name: Keys(f"{name}-{uuid4().hex[:8]}", uuid4().hex) for name in USERS}
    root = Keys(minio.access_key, minio.secret_key)
    server = administration(minio.endpoint, root, "us-east-1")
    provision(server, Layout(bucket, USERS), keys)
    archiving = keys["archiving"]
    file = write_rows(tmp_path, [report(1), report(2)])
    location = S3Location(minio.endpoint, bucket, archiving.access_key, archiving.secret_key)
    assert MinioStore(location).put_new(str(file.relative_to(tmp_path)), file.read_bytes())

    given = ["--archive", f"s3a://{bucket}", "--results", f"s3a://{bucket}/results"]
    command = [sys.executable, "-m", "analysis", "run", *given, "--question", "fleet-gaps"]
    variables = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "spark-operator")]),
        "DRONEWATCH_S3_ENDPOINT": minio.endpoint,
        "DRONEWATCH_S3_ACCESS_KEY": keys["analysis"].access_key,
        "DRONEWATCH_S3_SECRET_KEY": keys["analysis"].secret_key,
    }
    ended = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "2 rows = 2 reports" in ended.stdout
    latest = server.objects.stat_object(bucket, "results/fleet-gaps/latest.json")
    assert latest.size
