import io

from diffsmith.commands import progress
from diffsmith.commands.progress import shown


def tell(number):
    return number, f"at {number}"


def test_away_from_a_terminal_nothing_is_drawn_and_a_line_comes_now_and_then(monkeypatch, capsys):
    assert list(shown(range(3), 3, tell)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(progress, "_SECONDS_A_LINE", 0.0)
    assert list(shown(range(3), 3, tell)) == [0, 1, 2]
    assert capsys.readouterr() == ("", "0/3 at 0\n1/3 at 1\n2/3 at 2\n")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_a_bar_tells_how_far_it_is(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert list(shown(range(1, 4), 3, tell)) == [1, 2, 3]
    assert "3/3" in terminal.getvalue()
    assert list(shown(range(1, 4), 9, tell)) == [1, 2, 3]
    assert "9/9" in terminal.getvalue(), "work that is done sooner is done"
    assert "at 3" in terminal.getvalue()
    assert "\x1b[38" in terminal.getvalue() or "\x1b[3" in terminal.getvalue()


def test_no_color_is_honoured(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    list(shown(range(1, 4), 3, tell))
    assert "\x1b[38" not in terminal.getvalue()
    assert "\x1b[32m" not in terminal.getvalue()


def test_work_that_fails_fails_through_the_bar():
    def work():
        yield 1
        raise RuntimeError("inside")

    steps = shown(work(), 2, tell)
    assert next(steps) == 1
    try:
        next(steps)
    except RuntimeError as error:
        assert str(error) == "inside"
    else:
        raise AssertionError("the error was swallowed")
