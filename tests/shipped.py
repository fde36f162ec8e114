"""The model that the project ships, whichever version that is."""

from videoxception.store import BUILT_IN, ModelStore

SHIPPED = ModelStore(built_in=BUILT_IN).load("videoxception-a")
NAME, VERSION = SHIPPED.manifest.name, SHIPPED.manifest.version
REFERENCE = str(SHIPPED)
