"""Documents that would be uploaded: their text, their tokens, and the documented limits."""

from tokenassay.estimators.uploads.judging import Document, Folder, judge_folder
from tokenassay.estimators.uploads.texts import Unreadable, read_text

__all__ = ["Document", "Folder", "Unreadable", "judge_folder", "read_text"]
