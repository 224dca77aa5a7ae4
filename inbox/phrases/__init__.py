"""What editors say, by what they mean: the phrases that classify.py decides with.

Written as people write, in some fifteen languages. An apostrophe is always straight here; the text is brought to that
before it is searched.
"""

from __future__ import annotations

from inbox.phrases.doubt import LATER, SARCASM
from inbox.phrases.interest import INTEREST
from inbox.phrases.opt_out import OPT_OUT
from inbox.phrases.refusal import REFUSAL
from inbox.phrases.rule import Rule

__all__ = ["INTEREST", "LATER", "OPT_OUT", "REFUSAL", "SARCASM", "Rule"]
