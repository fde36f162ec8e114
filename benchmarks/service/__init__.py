"""The whole service beside its peers: real uploads over HTTP, and the machine's ceiling without any."""
