from pathlib import Path
from tests.howto.following import follow
from tests.howto.conftest import *
def test_draft(desk): follow(Path("/tmp/howto-i/draft/b.md"), desk)
