from pathlib import Path

import pytest

from tests.scripts.packaging.bare import service_packages


@pytest.fixture(scope="session")
def packages(public_folder: Path) -> Path:
    """Links to the packages of requirements.lock, and to nothing else."""
    return service_packages(public_folder / "service-packages")
