"""Real answers, which the description of the API shows.

PREDICT is what `curl -F file=@v_Punch_g03_c01.avi localhost:8000/predict` gets, a clip of UCF-101's test part.
"""

from typing import Any

from videoxception.actions import ACTIONS

PREDICT: dict[str, Any] = {
    "model": {
        "name": "videoxception-c",
        "version": 1,
        "sha256": "c3dcf748fef055cb55f7a5bb07fe1553acb83939d8955da5f327a2d34736741b",
        "precision": "bf16",
    },
    "label": "Punch",
    "confidence": 0.9989747230244372,
    "known": True,
    "known_score": 0.9526456840388378,
    "answer_set": ["Punch"],
    "probabilities": {
        "BandMarching": 4.416086093584834e-06,
        "BenchPress": 0.0003460174579748544,
        "Bowling": 2.1494816374531843e-05,
        "BoxingPunchingBag": 1.3109244125813895e-06,
        "CricketShot": 7.108890151352172e-05,
        "Drumming": 3.056336754675461e-06,
        "HorseRiding": 0.00011900704231434048,
        "IceDancing": 8.086200731231148e-05,
        "PlayingCello": 4.416086093584834e-06,
        "PlayingDaf": 7.012225836362944e-07,
        "PlayingDhol": 0.0001719526959190809,
        "PlayingGuitar": 6.279209835738115e-07,
        "PlayingSitar": 7.12565443768496e-06,
        "Punch": 0.9989747230244372,
        "ShavingBeard": 1.1738882428321461e-06,
        "TennisSwing": 0.0001920259345520506,
    },
    "clip": {
        "duration": 4.32,
        "width": 320,
        "height": 240,
        "codec": "mpeg4",
        "timestamps": [0.2, 0.64, 1.08, 1.48, 1.92, 2.36, 2.8, 3.24, 3.64, 4.08],
        "warnings": [],
    },
    "sha256": "2744fb696126a8b143d9466ba5cda345e7710c460dfd8725a0d754a63dfb48c0",
}

CLASSES: dict[str, Any] = {"model": {"name": "videoxception-c", "version": 1}, "classes": list(ACTIONS)}

MODELS: dict[str, Any] = {
    "models": [
        {
            "name": "videoxception-c",
            "version": 1,
            "default": True,
            "accuracy": {
                "top1": 0.925,
                "interval": [0.899, 0.9493],
                "n": 1841,
                "source_videos": 276,
                "protocol": "mid-frame accuracy (each still as all frames of its clip), groups: folds 0, 1, 2, 3, 4, "
                "each item by a model that was trained without its fold",
            },
            "cost": {
                "parameters": 3501670,
                "multiply_adds": 1253706240,
                "weight_bytes": 14203864,
                "frames": 10,
                "height": 128,
                "width": 128,
            },
            "loaded": [
                {
                    "device": "cpu",
                    "precision": "bf16",
                    "streams": 2,
                    "chosen": "measured",
                    "cpu_ms": {"bf16": 8.0, "f32": 14.7},
                }
            ],
        }
    ]
}

PROBLEM_DETAILS = {
    "malformed": "the query parameter 'model' comes 2 times; send it once",
    "no-file": "the body is empty; send a video: curl -F file=@clip.mp4 …/predict",
    "unauthorized": "send the API key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'",
    "unknown-model": "no model is called 'videoxception-z'; GET /models lists them",
    "slow-upload": "the upload was not complete after 120 seconds",
    "too-large": "the upload is over the limit of 512 MiB; send a shorter or smaller video",
    "not-a-video": "the file is not a video of a kind that is taken; send mp4, mov, mkv, webm, avi, mpeg, ts, "
    "flv, wmv, ogg, gif, or a raw mpeg4, h264 or hevc stream",
    "encoded": "the body is sent with Content-Encoding: gzip; send the file as it is",
    "no-frames": "the video stream holds no frames",
    "undecodable": "the file begins like a video, but its header is damaged or incomplete",
    "too-many-pixels": "frames of 16384x16384 pixels are over the limit of 35,389,440; send smaller ones",
    "too-long": "the video takes more than the 30 seconds of decoding that the limits allow",
    "too-many-windows": "a window every 0.1 seconds makes 36,000 in this video, over the limit of 7,200; "
    "ask for a step of 0.5 seconds or more",
    "overloaded": "64 requests are being answered, the limit; try again in 3 s",
    "not-ready": "the decoders are starting",
    "deadline": "the answer was not there after 60 s; the service is busy or the video long",
}
