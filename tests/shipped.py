"""The models that the project ships, whichever versions those are: the small one, which tests run, and the default."""

from videoxception.store import BUILT_IN, ModelStore

SHIPPED = ModelStore(built_in=BUILT_IN).load("videoxception-a")
NAME, VERSION = SHIPPED.manifest.name, SHIPPED.manifest.version
REFERENCE = str(SHIPPED)
DEFAULT = ModelStore(built_in=BUILT_IN).load()
