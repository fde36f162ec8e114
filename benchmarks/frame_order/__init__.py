"""Does an architecture gain from the order of frames? Each beside a twin that sees the same frames, shuffled."""
