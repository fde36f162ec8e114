"""A first FastAPI service: everything in the handler, one request at a time. python -m ...naive PORT"""

import sys

import uvicorn
from fastapi import FastAPI, UploadFile

from benchmarks.service.peers.parts import Said, naive

app = FastAPI()
parts = naive()


@app.post("/predict")
async def predict(file: UploadFile) -> Said:
    """Return the answer; other requests wait meanwhile."""
    return parts.answers(parts.clip(file.file)[None])[0]


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
