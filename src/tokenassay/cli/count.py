"""``tokenassay count``: tokens of text, as ``wc`` counts words.

Read without a parser library, and imports are as late as can be: a small file is counted in less
time than the other commands take to start.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """\
Usage: tokenassay count [OPTIONS] [FILE]...

Count the tokens of text: one line a file, and a total for several files.
Without a file, or for the file -, standard input is read.

The text is counted whole, as the Qwen models' tokenizer takes it: in Unicode
normal form C, with markers such as <|im_end|> as one token. What a chat
request adds around its texts is told by: tokenassay estimate.

Options:
  --model MODEL      refuse where this model's tokenizer is not at hand
  --tokenizer FILE   count with this Hugging Face tokenizer.json or SentencePiece
                     model instead (needs: pip install "tokenassay[tokenizers]")
  --encoding NAME    encoding of the files, such as gb18030 or utf-16
                     (default: UTF-8, with or without byte order mark)
  --max-tokens N     exit 1 where a file has more
  --json             {"files": [{"path", "bytes", "tokens"}], "tokens"}
  -q, --quiet        print the total alone, as a bare number
  -h, --help         print this

Exit codes: 0 fine; 1 a file has more than --max-tokens; 2 wrong usage, or a
file that can't be counted (the others still are); 130 interrupted.
"""

FINE, OVER, USAGE = 0, 1, 2


class Complaint(Exception):
    """Something that the user can put right, in one line."""


def main(argv: list[str]) -> int:
    """Run the command with these arguments; the exit code."""
    try:
        words, flags, paths = _read(argv)
        if "--help" in flags:
            sys.stdout.write(HELP)
            return FINE
        most = _number("--max-tokens", words.get("--max-tokens"))
        count = _counter(words.get("--model"), words.get("--tokenizer"))
    except Complaint as error:
        return _complain(str(error))
    code = FINE
    files: list[tuple[str, int, int]] = []
    for path in paths or ["-"]:
        try:
            text, size = _text(path, words.get("--encoding"))
            tokens = count(text)
        except Complaint as error:
            code = _complain(f"{path}: {error}")
            continue
        except RuntimeError as error:  # no vocabulary: no file can be counted
            return _complain(str(error))
        files.append((path, size, tokens))
        if most is not None and tokens > most:
            _say(f"{path}: {tokens:,} tokens, over {most:,}")
            code = code or OVER
        if not flags:
            print(f"{tokens:>8} {path}" if paths else tokens)
    total = sum(tokens for _, _, tokens in files)
    if "--json" in flags:
        from tokenassay.cli.output import write_json

        rows = [{"path": path, "bytes": size, "tokens": count} for path, size, count in files]
        write_json({"files": rows, "tokens": total})
    elif "--quiet" in flags:
        if files:
            print(total)
    elif len(paths) > 1:
        print(f"{total:>8} total")
    return code


def _read(argv: list[str]) -> tuple[dict[str, str], set[str], list[str]]:
    """Options with a word, options without, and files."""
    short = {"-q": "--quiet", "-h": "--help"}
    words: dict[str, str] = {}
    flags: set[str] = set()
    paths: list[str] = []
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--":
            paths += rest
        elif word == "-" or not word.startswith("-"):
            paths.append(word)
        elif short.get(word, word) in ("--json", "--quiet", "--help"):
            flags.add(short.get(word, word))
        elif name in ("--model", "--tokenizer", "--encoding", "--max-tokens"):
            given = value if equals else next(rest, None)
            if not given:
                raise Complaint(f"{name} needs a value (see tokenassay count --help)")
            words[name] = given
        else:
            raise Complaint(f"no such option: {word} (see tokenassay count --help)")
    return words, flags, paths


def _number(option: str, written: str | None) -> int | None:
    if written is None:
        return None
    if not (written.isascii() and written.isdigit()):
        raise Complaint(f"{option} needs a whole number, got {written!r}")
    return int(written)


def _counter(model: str | None, tokenizer: str | None) -> Callable[[str], int]:
    if model is not None:
        from tokenassay.contracts.errors import UnknownModel
        from tokenassay.contracts.store import find_model

        try:
            found = find_model(model)
        except UnknownModel as error:
            raise Complaint(str(error)) from None
        if found.tokenizer is None and tokenizer is None:
            raise Complaint(
                f"{model} has no tokenizer at hand: give its own with --tokenizer FILE, "
                "or see: tokenassay estimate"
            )
    if tokenizer is not None:
        from tokenassay.estimators.tokens import TokenizerFileError, counter_from_file

        try:
            return counter_from_file(tokenizer).count
        except TokenizerFileError as error:
            raise Complaint(str(error)) from None
    from tokenassay.estimators.tokens import count_tokens, expect_little

    expect_little()
    return count_tokens


def _text(path: str, encoding: str | None) -> tuple[str, int]:
    """The text of a file, and its size in bytes."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                data = file.read()
    except OSError as error:
        raise Complaint(error.strerror or str(error)) from None
    if encoding is None:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Complaint("looks like UTF-16: name it with --encoding utf-16")
        if b"\0" in data:
            raise Complaint("not text: it holds NUL bytes (name an encoding with --encoding)")
    try:
        return data.decode(encoding or "utf-8-sig"), len(data)
    except UnicodeError as error:
        place = f" (at byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        raise Complaint(
            f"not {encoding or 'UTF-8'}{place}: name its encoding with --encoding, such as gb18030"
        ) from None
    except LookupError:
        raise Complaint(f"unknown text encoding {encoding!r}") from None


def _complain(message: str) -> int:
    _say(message)
    return USAGE


def _say(message: str) -> None:
    from tokenassay.cli.output import complain

    complain(message)
