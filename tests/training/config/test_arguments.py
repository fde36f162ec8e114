from training.config.arguments import parse_arguments, write_arguments


def test_what_is_written_is_read_again() -> None:
    arguments = {"temporal": False, "fused": True, "width": 0.25, "layers": 3, "backbone": "LiteV2"}
    assert write_arguments(arguments) == "temporal=false,fused=true,width=0.25,layers=3,backbone=LiteV2"
    assert parse_arguments(write_arguments(arguments)) == arguments
    assert write_arguments({}) == ""
