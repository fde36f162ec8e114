"""What a wheel holds: one top-level package, `videoxception`; pyproject.toml says the rest.

In a checkout the service, the trainer and the models are folders beside that package. Installed under their own names,
`app` and `training` would be in the way of a user's own; so a wheel has them inside videoxception/_bundled, where
`videoxception.bundled` finds them.
"""

from setuptools import find_packages, setup

BUNDLED = "videoxception._bundled"
INSIDE = [*find_packages(include=["app", "app.*", "training", "training.*"]), "model_store"]

setup(
    packages=[*find_packages(include=["videoxception", "videoxception.*"]), *(f"{BUNDLED}.{name}" for name in INSIDE)],
    package_dir={f"{BUNDLED}.{name}": name for name in ("app", "training", "model_store")},
    package_data={
        f"{BUNDLED}.app": ["page/*"],
        f"{BUNDLED}.model_store": ["videoxception-*/*/*"],  # but no models of one's own
    },
)
