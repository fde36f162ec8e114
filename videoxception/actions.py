"""The 16 actions of UCF-101 that VideoXception was made for, in the order that every part of the project uses."""

ACTIONS: tuple[str, ...] = (
    "BandMarching",
    "BenchPress",
    "Bowling",
    "BoxingPunchingBag",
    "CricketShot",
    "Drumming",
    "HorseRiding",
    "IceDancing",
    "PlayingCello",
    "PlayingDaf",
    "PlayingDhol",
    "PlayingGuitar",
    "PlayingSitar",
    "Punch",
    "ShavingBeard",
    "TennisSwing",
)
